/** Asks PostgreSQL: statements, transactions, and what to do when one of them fails. */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { PostgresClient, PostgresPool, PostgresQuery } from "./pool.ts";
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

/**
 * A transaction is given up a little earlier than its callers do it, who wait for the whole timeout: a sign-in that was
 * answered with an outage must not come into being afterwards. What takes effect at once, as its `COMMIT` does, is
 * waited for as long as they wait: of what is not answered, nobody knows whether it was done.
 */
const shareOfTimeout = 0.9;

/** Asks one thing within a transaction. */
export type Execute = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

/** Asks one thing as text. */
export type Run = (sql: string) => Promise<readonly Row[]>;

/** Between two attempts, in milliseconds. */
export const pause = 200;

export class Database {
  readonly #pool: PostgresPool;
  /** How long one operation may take, in milliseconds. */
  readonly #patience: number;
  /** How much longer the answer to what takes effect at once may. */
  readonly #overtime: number;
  #remembersStatements = true;

  constructor(pool: PostgresPool, timeout: number) {
    this.#pool = pool;
    this.#patience = Math.ceil(timeout * shareOfTimeout);
    this.#overtime = timeout - this.#patience;
    // A pool drops an idle connection that breaks, and says so; where nobody listens, Node ends the process.
    if (pool.listenerCount("error") === 0) pool.on("error", () => {});
    hearFromTheStart(pool);
  }

  /** One statement, in one round trip. */
  async query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#attempt((line) => line.execute(statement, values, "at once"));
  }

  /** One statement while nobody else holds `lock`, in a transaction of three round trips. */
  async queryAlone(lock: string, statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.transaction(lock, (execute) => execute(statement, values));
  }

  /** One step along a key, by a statement that `prune` in `statements.ts` made. */
  async prune(
    statement: Statement,
    now: number,
    batch: number,
    after: string,
  ): Promise<{ readonly rows: Row[]; readonly next: string | undefined }> {
    const rows = await this.query(statement, [after, batch, now]);
    const [count, last] = rows[0]!;
    const gone = rows.map(([, , ...row]) => row).filter(([id]) => id !== null);
    return { rows: gone, next: Number(count) < batch ? undefined : last! };
  }

  /**
   * A transaction while nobody else holds `lock`. `work` is done again from its beginning if the transaction was
   * rolled back to let another one pass.
   *
   * The lock is a statement of its own: one that takes it and then reads would not see what was committed while it
   * waited. A node that stops in between is thrown out by the server, so that it does not keep the others waiting.
   */
  async transaction<T>(lock: string, work: (execute: Execute) => Promise<T>): Promise<T> {
    const limits = ["statement_timeout", "idle_in_transaction_session_timeout"];
    const begin = [
      "BEGIN ISOLATION LEVEL READ COMMITTED",
      ...limits.map((limit) => `SET LOCAL ${limit} = ${this.#patience}`),
      takeLock(lock),
    ];
    return this.#attempt(async (line) => {
      await line.run(begin.join("; "));
      const result = await work((statement, values) => line.execute(statement, values));
      await line.run("COMMIT", "at once");
      return result;
    });
  }

  /** A transaction while nobody else holds `lock`. It may take its time: it is for migrations. */
  async exclusively(lock: string, work: (run: Run) => Promise<void>): Promise<void> {
    await lent(await this.#pool.connect(), async (client) => {
      const line = new Line(client);
      await line.run(`BEGIN ISOLATION LEVEL READ COMMITTED; ${takeLock(lock)}`);
      await work((sql) => line.run(sql));
      await line.run("COMMIT");
    });
  }

  /**
   * Statements that are no transaction, on a connection beside the one that holds `lock`. They may take their time: they
   * are for migrations that hold nobody up. False if the pool has no second connection.
   *
   * The lock is asked for again and again: a statement that waits for it would itself be waited for by
   * `CREATE INDEX CONCURRENTLY`.
   */
  async alongside(lock: string, work: (run: Run) => Promise<void>): Promise<boolean> {
    if (mostConnections(this.#pool) === 1) return false;
    while (!(await this.#tryAlongside(lock, work))) await wait(pause);
    return true;
  }

  async #tryAlongside(lock: string, work: (run: Run) => Promise<void>): Promise<boolean> {
    return await lent(await this.#pool.connect(), async (keeper) => {
      const line = new Line(keeper);
      await line.run(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = 0",
      );
      const [row] = await line.run(`SELECT pg_try_advisory_xact_lock(${keyOf(lock)})`);
      const isHeld = row?.[0] === "t";
      if (isHeld)
        await lent(await this.#pool.connect(), (client) => work((sql) => new Line(client).run(sql)));
      await line.run("COMMIT");
      return isHeld;
    });
  }

  async #attempt<T>(work: (line: Line) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#patience;
    for (;;) {
      const remembers = this.#remembersStatements;
      const options = { deadline, overtime: this.#overtime, remembers };
      try {
        const client = await this.#connection(deadline);
        return await lent(client, () => untilOver(new Line(client, options), work));
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (missingTables.has(code)) throw noTables(error);
        if (otherConnection.has(code) && remembers) this.#doWithoutPreparing();
        else if (!lostRaces.has(code)) throw error;
      }
    }
  }

  /** Those who waited too long have had their answer, and need no connection any more. */
  async #connection(deadline: number): Promise<PostgresClient> {
    const client = await this.#pool.connect();
    if (performance.now() < deadline) return client;
    client.release();
    throw new Error("No connection was free in time");
  }

  #doWithoutPreparing(): void {
    this.#remembersStatements = false;
    warnOfPooler();
  }
}

interface LineOptions {
  /** After it nothing is sent. */
  readonly deadline?: number;
  /** How much longer the answer to what takes effect at once may take, in milliseconds. */
  readonly overtime?: number;
  readonly remembers?: boolean;
}

/** Whether a statement has its effect when it is sent, or with the end of its transaction. */
type TakesEffect = "at once" | "at the end";

/** A connection on which things are asked one after the other, until a deadline. */
class Line {
  readonly #client: PostgresClient;
  readonly #deadline: number | undefined;
  readonly #overtime: number;
  readonly #remembers: boolean;

  constructor(client: PostgresClient, options: LineOptions = {}) {
    this.#client = client;
    this.#deadline = options.deadline;
    this.#overtime = options.overtime ?? 0;
    this.#remembers = options.remembers ?? false;
  }

  execute(
    { name, text }: Statement,
    values: readonly Value[],
    takesEffect?: TakesEffect,
  ): Promise<readonly Row[]> {
    return this.#send({ text, values: [...values], ...(this.#remembers && { name }) }, takesEffect);
  }

  run(text: string, takesEffect?: TakesEffect): Promise<readonly Row[]> {
    return this.#send({ text }, takesEffect);
  }

  /**
   * By a callback and a timer of its own: behind a promise of `pg`, or its `query_timeout`, results outlive their requests
   * until the next full garbage collection, and every small one copies them.
   */
  #send(
    query: Pick<PostgresQuery, "text" | "values" | "name">,
    takesEffect: TakesEffect = "at the end",
  ): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const overtime = takesEffect === "at once" ? this.#overtime : 0;
      const patience = this.#deadline === undefined ? undefined : timeUntil(this.#deadline) + overtime;
      const timer = patience === undefined ? undefined : setTimeout(() => reject(tooLate()), patience);
      this.#client.query({ ...query, rowMode: "array", types: asWritten }, (error, result) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(result.rows as readonly Row[]);
      });
    });
  }
}

/**
 * PostgreSQL tells of a lost race before it lets go of the rows that the loser holds. Who tried again by then would find them
 * held by somebody else, and leave them.
 */
async function untilOver<T>(line: Line, work: (line: Line) => Promise<T>): Promise<T> {
  try {
    return await work(line);
  } catch (error) {
    if (lostRaces.has((error as { code?: unknown }).code)) await line.run("ROLLBACK");
    throw error;
  }
}

function timeUntil(deadline: number): number {
  const left = deadline - performance.now();
  if (left <= 0) throw tooLate();
  return Math.ceil(left);
}

function tooLate(): Error {
  return new Error("PostgreSQL did not answer in time");
}

const heard = new WeakSet<PostgresPool>();

/**
 * A server that goes down can say so in the packet that opens a connection: before whoever asked for it has it, and can
 * listen to its errors. Nobody listening would end the process. Whoever has the connection sees its queries reject.
 */
function hearFromTheStart(pool: PostgresPool): void {
  if (heard.has(pool)) return;
  heard.add(pool);
  pool.on("connect", (client) => client.on("error", () => {}));
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

/** Held until the transaction ends. */
function takeLock(name: string): string {
  return `SELECT pg_advisory_xact_lock(${keyOf(name)})`;
}

/**
 * 64 bits of a SHA-256: the locks of two users, or of the application, are the same one by chance only, and then they
 * wait for each other and that is all.
 */
function keyOf(lock: string): bigint {
  return createHash("sha256").update(lock).digest().readBigInt64BE();
}

/** As far as the pool says it. */
export function mostConnections(pool: PostgresPool): number {
  return (pool as { options?: { max?: number } }).options?.max ?? Number.POSITIVE_INFINITY;
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

function noTables(cause: unknown): Error {
  return new Error(
    "The coatcheck tables are not in this database: await store.migrate() when the application starts, or run what postgresMigration() prints",
    { cause },
  );
}
