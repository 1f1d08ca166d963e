/** Asks PostgreSQL: one statement within its time, or several as one. */
import type { Pool, PoolClient, QueryResult } from "pg";

/** How long one question may take, in milliseconds. */
const patience = 2_000;

export type Query = (text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** One statement, in time. */
export function ask(pool: Pool, text: string, values: readonly unknown[]): Promise<QueryResult> {
  return lent(pool, (client) => question(client, text, values));
}

/**
 * Runs all of `work` as one transaction, or undoes it if it says no. `lock` is a statement of its own that comes first:
 * one that takes a lock and then reads would not see what was committed while it waited.
 */
export async function inTransaction(
  pool: Pool,
  lock: readonly [text: string, ...values: unknown[]],
  work: (query: Query) => Promise<boolean>,
): Promise<boolean> {
  return lent(pool, (client) => run(client, lock, work));
}

/**
 * Ends a connection on which something went wrong: a transaction may still be open on it, or a question. While it is lent,
 * nobody else hears that it was lost, and an error that nobody hears ends the process.
 */
async function lent<T>(pool: Pool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  const note = (error: Error) => {
    failure ??= error;
  };
  client.on("error", note);
  try {
    return await use(client);
  } catch (error) {
    note(error as Error);
    throw error;
  } finally {
    client.removeListener("error", note);
    client.release(failure);
  }
}

async function run(
  client: PoolClient,
  [lock, ...values]: readonly [string, ...unknown[]],
  work: (query: Query) => Promise<boolean>,
): Promise<boolean> {
  const query: Query = (text, values) => question(client, text, values);
  const limits = ["statement_timeout", "idle_in_transaction_session_timeout"];
  const begin = [
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    ...limits.map((limit) => `SET LOCAL ${limit} = ${patience}`),
  ];
  for (const statement of begin) await query(statement, []);
  await query(lock, values);
  const done = await work(query);
  await query(done ? "COMMIT" : "ROLLBACK", []);
  return done;
}

/** By a callback and a timer of its own, as the library's store asks, and for its reason: results outlive no request. */
function question(client: PoolClient, text: string, values: readonly unknown[]): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("PostgreSQL did not answer in time")), patience);
    client.query(text, [...values], (error, result) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(result);
    });
  });
}
