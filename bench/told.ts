/**
 * How long another node takes to learn of a sign-out: `node bench/told.ts`. From the answer that the one node gets until
 * the other one's cache has forgotten the session, in one process, with connections of their own.
 */
import { type CachedSessionStore, cached } from "coatcheck/cached";
import { PostgresSessionStore } from "coatcheck/postgres";
import { RedisSessionStore } from "coatcheck/redis";
import { Pool } from "pg";
import { createClient } from "redis";
import { startDatabases } from "./databases.ts";
import { sessionsIn, signIn, userId } from "./population.ts";

const times = 2_000;

await using databases = await startDatabases();
const { addresses } = databases;
const redis = async () => {
  const client = await createClient({ url: addresses.redis }).on("error", console.error).connect();
  return { cache: cached(new RedisSessionStore(client)), close: async () => client.destroy() };
};
const postgres = async () => {
  const pool = new Pool({ connectionString: addresses.postgres });
  const store = new PostgresSessionStore(pool);
  await store.migrate();
  return { cache: cached(store), close: () => pool.end() };
};

for (const [name, open] of Object.entries({ redis, postgres })) {
  const [here, there] = [await open(), await open()];
  await here.cache.prove();
  await there.cache.prove();
  const taken: number[] = [];
  for (let number = 0; number < times; number++) taken.push(await toldAfter(here.cache, there.cache, number));
  taken.sort((a, b) => a - b);
  const at = (share: number) =>
    `${(taken[Math.min(times - 1, Math.floor(times * share))]! * 1_000).toFixed(0)} us`;
  console.log(`${name}: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
  for (const { cache, close } of [here, there]) {
    await cache.close();
    await close();
  }
}

async function toldAfter(
  here: CachedSessionStore,
  there: CachedSessionStore,
  number: number,
): Promise<number> {
  const { session } = await sessionsIn(here).create(userId(number), signIn(number));
  // That it was inserted is told as well.
  await there.prove();
  await there.find(session.id);
  if (!there.recent(session.id)) throw new Error("The cache keeps nothing");
  await here.delete(session.id, "logout", Date.now());
  const answered = performance.now();
  while (there.recent(session.id)) await new Promise(setImmediate);
  return performance.now() - answered;
}
