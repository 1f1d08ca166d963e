/** Asks PostgreSQL: one statement within its time, or several as one. */
import type { Pool, PoolClient, QueryConfig, QueryResult } from "pg";

/** How long one question may take, in milliseconds. */
const patience = 2_000;

export type Query = (text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** A question that is given up in time. */
export function asked(text: string, values: readonly unknown[]): QueryConfig {
  // `@types/pg` does not know `query_timeout` of a single query.
  const limit = { query_timeout: patience };
  return { text, values: [...values], ...limit };
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
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    return await run(client, lock, work);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    // A transaction may still be open on a connection that failed.
    client.release(failure);
  }
}

async function run(
  client: PoolClient,
  [lock, ...values]: readonly [string, ...unknown[]],
  work: (query: Query) => Promise<boolean>,
): Promise<boolean> {
  const query: Query = (text, values) => client.query(asked(text, values));
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
