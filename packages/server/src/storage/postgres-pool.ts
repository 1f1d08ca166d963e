/** The connections to PostgreSQL. */

import type { Warn } from "coatcheck";
import type { Pool } from "pg";
import { reasonOf } from "./storage-error.ts";

/** How long to wait for a connection, in milliseconds: for a new one, or for one that others use. */
const patience = 2_000;

/** Connects at the first question. An outage ends no process: questions fail in time, and later ones connect anew. */
export async function openPostgresPool(url: string, warn: Warn): Promise<Pool> {
  const { Pool } = (await import("pg")).default;
  const pool = new Pool({
    connectionString: url,
    application_name: "coatcheck-server",
    connectionTimeoutMillis: patience,
    keepAlive: true,
  });
  pool.on("error", (error) => warn(`A connection to PostgreSQL was lost: ${reasonOf(error)}`));
  return pool;
}

/** Ends the connections. One whose server is gone does not say goodbye, and is not waited for. */
export async function closePostgresPool(pool: Pool): Promise<void> {
  const given = Promise.withResolvers<void>();
  const timer = setTimeout(given.resolve, patience);
  await Promise.race([pool.end(), given.promise]);
  clearTimeout(timer);
}
