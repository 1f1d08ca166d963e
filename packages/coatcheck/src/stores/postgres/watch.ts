/** Learns from PostgreSQL itself which sessions were changed: triggers of the table tell of it, whoever writes. */
import { randomBytes } from "node:crypto";
import type { ChangeListener, ChangeWatch } from "../../core/change-watch.ts";
import type { SessionId } from "../../core/token.ts";
import { type Database, mostConnections } from "./database.ts";
import { prefix } from "./name.ts";
import type { PostgresPool } from "./pool.ts";
import { type Statement, statement } from "./statements.ts";
import { triggers } from "./telling-schema.ts";

/** A connection of the pool that is kept, and what it tells by itself. */
interface ListeningClient {
  query(query: { text: string; values?: unknown[]; rowMode: "array" }): Promise<{ rows: unknown[] }>;
  on(event: "error" | "end", listener: () => void): unknown;
  on(event: "notification", listener: (message: { channel: string; payload?: string }) => void): unknown;
  release(wrong?: Error): void;
}

/**
 * One connection of the pool listens. A heartbeat is a notification that is sent where sessions are written, and heard
 * where changes are heard: notifications come in the order of commits, so all earlier ones have been heard.
 */
export class PostgresWatch implements ChangeWatch {
  readonly #pool: PostgresPool;
  readonly #database: Database;
  readonly #table: string;
  readonly #listener: ChangeListener;
  readonly #node: string = randomBytes(8).toString("hex");
  readonly #beat: Statement;
  #line: Promise<ListeningClient> | undefined;
  #beats = 0;
  #awaited: { readonly beat: string; readonly arrived: () => void; readonly lost: () => void } | undefined;
  #closed = false;

  constructor(pool: PostgresPool, database: Database, schema: string | undefined, listener: ChangeListener) {
    this.#pool = pool;
    this.#database = database;
    this.#table = `${prefix(schema)}coatcheck_sessions`;
    this.#listener = listener;
    // The table is asked for each time: one that was dropped and made anew tells on another channel.
    this.#beat = statement(
      "beat",
      "SELECT pg_notify('coatcheck_' || $1::text::regclass::oid || '_' || $2::text, $3::text)",
    );
  }

  async prove(): Promise<void> {
    await (this.#line ?? this.#open());
    // The last heartbeat did not come back, and nobody knows what else did not.
    if (this.#awaited) {
      this.#leave();
      throw new Error("What was written was not heard: is a pooler in transaction mode in between?");
    }
    await this.#beatOnce();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leave();
  }

  async #beatOnce(): Promise<void> {
    this.#beats += 1;
    const beat = String(this.#beats);
    const arrival = new Promise<void>((resolve, reject) => {
      const lost = () => reject(new Error("The connection that listens to PostgreSQL was lost"));
      this.#awaited = { beat, arrived: resolve, lost };
    });
    // While it is sent it may be lost, and nobody awaits it yet.
    arrival.catch(() => {});
    await this.#database.query(this.#beat, [this.#table, this.#node, beat]);
    await arrival;
  }

  async #open(): Promise<ListeningClient> {
    if (this.#closed) throw new Error("The store is not watched any more");
    let line: Promise<ListeningClient> | undefined;
    const lost = () => {
      if (this.#line === line) this.#leave();
    };
    line = this.#pool.connect().then((client) => this.#listen(client as unknown as ListeningClient, lost));
    line.catch(() => {
      if (this.#line === line) this.#line = undefined;
    });
    this.#line = line;
    return line;
  }

  async #listen(client: ListeningClient, lost: () => void): Promise<ListeningClient> {
    client.on("error", lost);
    client.on("end", lost);
    try {
      const channel = await this.#channel(client);
      client.on("notification", (message) => this.#hear(message, channel));
      await client.query({ text: `LISTEN "${channel}"`, rowMode: "array" });
      await client.query({ text: `LISTEN "${channel}_${this.#node}"`, rowMode: "array" });
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
    // What was changed before anybody listened was not heard.
    this.#listener.anyChanged();
    return client;
  }

  /** @throws Error where nothing would be told. */
  async #channel(client: ListeningClient): Promise<string> {
    const { rows } = await client.query({
      text: `SELECT 'coatcheck_' || $1::text::regclass::oid, count(*)::int FROM pg_catalog.pg_trigger
        WHERE tgrelid = $1::text::regclass AND tgname = ANY ($2) AND tgenabled IN ('O', 'A')`,
      values: [this.#table, triggers],
      rowMode: "array",
    });
    const [channel, count] = rows[0] as [string, number];
    if (Number(count) === triggers.length) return channel;
    throw new Error(`${this.#table} lacks the triggers that tell of changes: await store.migrate()`);
  }

  #hear({ channel, payload = "" }: { channel: string; payload?: string }, changes: string): void {
    if (channel !== changes) {
      if (payload !== this.#awaited?.beat) return;
      const { arrived } = this.#awaited;
      this.#awaited = undefined;
      arrived();
    } else if (payload === "") this.#listener.anyChanged();
    else this.#listener.changed(payload as SessionId);
  }

  #leave(): void {
    const line = this.#line;
    this.#line = undefined;
    this.#listener.anyChanged();
    this.#awaited?.lost();
    this.#awaited = undefined;
    // Ended, not given back: it listens.
    line?.then(
      (client) => client.release(new Error("It is not listened on any more")),
      () => {},
    );
  }
}

/** @throws TypeError if listening would take the only connection that there is. */
export function assertRoomToListen(pool: PostgresPool): void {
  if (mostConnections(pool) > 1) return;
  throw new TypeError(
    "cached keeps a connection of the pool to listen on: give the pool a `max` of at least 2",
  );
}
