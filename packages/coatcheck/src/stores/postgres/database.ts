/** Asks PostgreSQL: statements, transactions, and what to do when one of them fails. */
import { createHash } from "node:crypto";
import type { PostgresClient, PostgresPool } from "./pool.ts";
import type { Row, Value } from "./row.ts";
import type { Statement } from "./statements.ts";

/** Values as PostgreSQL writes them, whatever parsers the application has set for its own queries. */
const asWritten = { getTypeParser: () => (text: string) => text };

/**
 * Rolled back, and to be tried again: somebody else was faster. Under READ COMMITTED the statements of the store
 * cannot fail so, but the application may have made a stricter isolation the default of its connections.
 */
const lostRaces: ReadonlySet<unknown> = new Set(["40001", "40P01"]);

/** A pooler has put another connection behind this one: it does not know the statement, or knows it already. */
const otherConnection: ReadonlySet<unknown> = new Set(["26000", "42P05"]);

const missingTables: ReadonlySet<unknown> = new Set(["42P01", "3F000"]);

export class Database {
  readonly #pool: PostgresPool;
  /** How long one operation may take, in milliseconds. */
  readonly #timeout: number;
  #remembersStatements = true;

  constructor(pool: PostgresPool, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
    // A pool drops an idle connection that breaks, and says so; where nobody listens, Node ends the process.
    if (pool.listenerCount("error") === 0) pool.on("error", () => {});
  }

  /** One statement, in one round trip. */
  async query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#attempt((client) => this.#execute(client, statement, values));
  }

  /**
   * One statement while nobody else holds `lock`, in a transaction of three round trips.
   *
   * The lock is a statement of its own: one that takes it and then reads would not see what was committed while it
   * waited. A node that stops in between is thrown out by the server, so that it does not keep the others waiting.
   */
  async queryAlone(lock: string, statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    const limits = ["statement_timeout", "idle_in_transaction_session_timeout"];
    const begin = [
      "BEGIN ISOLATION LEVEL READ COMMITTED",
      ...limits.map((limit) => `SET LOCAL ${limit} = ${this.#timeout}`),
      takeLock(lock),
    ];
    return this.#attempt(async (client) => {
      await this.#run(client, begin.join("; "));
      const rows = await this.#execute(client, statement, values);
      await this.#run(client, "COMMIT");
      return rows;
    });
  }

  /** A transaction while nobody else holds `lock`. It may take its time: it is for migrations. */
  async exclusively(
    lock: string,
    work: (run: (sql: string) => Promise<readonly Row[]>) => Promise<void>,
  ): Promise<void> {
    await lent(await this.#pool.connect(), async (client) => {
      const run = (sql: string) => this.#run(client, sql, 0);
      await run(`BEGIN ISOLATION LEVEL READ COMMITTED; ${takeLock(lock)}`);
      await work(run);
      await run("COMMIT");
    });
  }

  async #attempt<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#timeout;
    for (;;) {
      const remembers = this.#remembersStatements;
      try {
        return await lent(await this.#connection(deadline), work);
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (missingTables.has(code)) throw noTables(error);
        if (otherConnection.has(code) && remembers) {
          this.#remembersStatements = false;
          warnOfPooler();
        } else if (!lostRaces.has(code) || performance.now() > deadline) throw error;
      }
    }
  }

  /** Those who waited too long have had their answer: what they wanted must not happen now. */
  async #connection(deadline: number): Promise<PostgresClient> {
    const client = await this.#pool.connect();
    if (performance.now() <= deadline) return client;
    client.release();
    throw new Error(`No connection was free within ${this.#timeout} ms`);
  }

  async #execute(
    client: PostgresClient,
    { name, text }: Statement,
    values: readonly Value[],
  ): Promise<readonly Row[]> {
    const { rows } = await client.query({
      ...(this.#remembersStatements && { name }),
      text,
      values: [...values],
      rowMode: "array",
      types: asWritten,
      query_timeout: this.#timeout,
    });
    return rows as readonly Row[];
  }

  async #run(client: PostgresClient, text: string, timeout = this.#timeout): Promise<readonly Row[]> {
    const { rows } = await client.query({ text, rowMode: "array", types: asWritten, query_timeout: timeout });
    return rows as readonly Row[];
  }
}

let warned = false;

function warnOfPooler(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    "The pooler before PostgreSQL does not keep prepared statements. Sessions work without, and cost PostgreSQL four times as much. PgBouncer keeps them from version 1.21 on: set its max_prepared_statements",
    { code: "COATCHECK_PREPARED_STATEMENTS" },
  );
}

/** Gives the connection back. One on which something went wrong is ended: a transaction may be open on it. */
async function lent<T>(client: PostgresClient, use: (client: PostgresClient) => Promise<T>): Promise<T> {
  let wrong: Error | undefined;
  const note = (error: Error) => {
    wrong ??= error;
  };
  client.on("error", note);
  try {
    return await use(client);
  } catch (error) {
    note(error as Error);
    throw error;
  } finally {
    client.removeListener("error", note);
    client.release(wrong);
  }
}

/**
 * Held until the transaction ends. 64 bits of a SHA-256: the locks of two users, or of the application, are the same
 * one by chance only, and then they wait for each other and that is all.
 */
function takeLock(name: string): string {
  const key = createHash("sha256").update(name).digest().readBigInt64BE();
  return `SELECT pg_advisory_xact_lock(${key})`;
}

function noTables(cause: unknown): Error {
  return new Error(
    "The coatcheck tables are not in this database: await store.migrate() when the application starts, or run what postgresMigration() prints",
    { cause },
  );
}
