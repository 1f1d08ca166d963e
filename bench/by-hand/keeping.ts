/** Where guards by hand keep their sessions: one text each, and what is asked in one turn of the event loop goes together. */
import { Pool } from "pg";
import { createClient } from "redis";
import { bytesOfRedis, bytesOfSchema } from "../at-rest.ts";
import { type CallCounter, callsOfMethods, callsOfPostgres, callsOfRedis } from "../call-counter.ts";
import type { Place } from "../stores.ts";

export interface Kept {
  readonly userId: string;
  readonly secretHash: string;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Keeping {
  find(id: string): Kept | undefined | Promise<Kept | undefined>;
  put(id: string, kept: Kept): Promise<void>;
  remove(id: string): Promise<void>;
  readonly calls: CallCounter;
  /** How many bytes they take; undefined in the heap. */
  readonly size?: () => Promise<number>;
}

export type KeepingName = "map" | "redis" | "postgres";

export const keepings: Readonly<Record<KeepingName, (place: Place) => Promise<Keeping>>> = {
  map: inMap,
  redis: inRedis,
  postgres: inPostgres,
};

async function inMap(): Promise<Keeping> {
  const kept = new Map<string, Kept>();
  const keeping = {
    find: (id: string) => kept.get(id),
    put: async (id: string, each: Kept) => void kept.set(id, each),
    remove: async (id: string) => void kept.delete(id),
  };
  return Object.assign(keeping, { calls: callsOfMethods(keeping, ["find"], ["put", "remove"]) });
}

/** `MGET` of a turn. */
async function inRedis({ name, databases }: Place): Promise<Keeping> {
  const url = databases.redis!;
  const client = await createClient({ url }).on("error", console.error).connect();
  const key = (id: string) => `${name}:${id}`;
  const texts = together((ids) => client.mGet(ids.map(key)));
  return {
    find: async (id) => read(await texts(id)),
    put: async (id, kept) =>
      void (await client.set(key(id), JSON.stringify(kept), {
        expiration: { type: "PXAT", value: kept.expiresAt },
      })),
    remove: async (id) => void (await client.del(key(id))),
    calls: callsOfRedis(url),
    size: () => bytesOfRedis(url),
  };
}

/** `= ANY` of a turn. */
async function inPostgres({ name, databases }: Place): Promise<Keeping> {
  const connectionString = databases.postgres!;
  const pool = new Pool({ connectionString });
  const table = `${name}.by_hand`;
  await pool.query(`CREATE SCHEMA ${name}; CREATE TABLE ${table} (id text PRIMARY KEY, kept text NOT NULL)`);
  const texts = together(async (ids) => {
    const { rows } = await pool.query({
      name: "find",
      text: `SELECT id, kept FROM ${table} WHERE id = ANY($1)`,
      values: [ids],
      rowMode: "array",
    });
    const found = new Map(rows as [string, string][]);
    return ids.map((id) => found.get(id));
  });
  return {
    find: async (id) => read(await texts(id)),
    put: async (id, kept) =>
      void (await pool.query(`INSERT INTO ${table} VALUES ($1, $2)`, [id, JSON.stringify(kept)])),
    remove: async (id) => void (await pool.query(`DELETE FROM ${table} WHERE id = $1`, [id])),
    calls: callsOfPostgres(),
    size: () => bytesOfSchema(connectionString, name),
  };
}

type Text = string | null | undefined;

function read(text: Text): Kept | undefined {
  return text ? JSON.parse(text) : undefined;
}

function together(ask: (ids: string[]) => Promise<Text[]>): (id: string) => Promise<Text> {
  let asked: { readonly id: string; readonly answer: PromiseWithResolvers<Text> }[] = [];
  const send = async () => {
    const these = asked;
    asked = [];
    const answers = await ask(these.map(({ id }) => id));
    for (const [at, { answer }] of these.entries()) answer.resolve(answers[at]);
  };
  return (id) => {
    const answer = Promise.withResolvers<Text>();
    if (asked.push({ id, answer }) === 1) setImmediate(send);
    return answer.promise;
  };
}
