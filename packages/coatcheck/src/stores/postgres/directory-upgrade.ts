/** Brings tables that are full, and in use, to where `directoryIndexes` brings those that are not. */
import { setTimeout } from "node:timers/promises";
import { pause, type Run } from "./database.ts";
import {
  createIndex,
  type DirectoryIndex,
  formerIndex,
  isAstray,
  sessionIndexes,
} from "./directory-schema.ts";
import { literal } from "./name.ts";

/** So many rows are locked at a time, for some milliseconds. */
const batch = 1_000;

/** Each statement is a transaction of its own. What was broken off is gone on with. */
export async function addDirectoryIndexes(run: Run, at: string): Promise<void> {
  // Before there is an index on it: most are HOT updates.
  while (!(await fillActivity(run, at))) await setTimeout(pause);
  for (const index of sessionIndexes) await addIndex(run, at, index);
  await run(`DROP INDEX CONCURRENTLY IF EXISTS ${at}${formerIndex}`);
}

/** Walks once over all sessions. False if others held some: none is waited for, and so this is in no deadlock. */
async function fillActivity(run: Run, at: string): Promise<boolean> {
  const sessions = `${at}coatcheck_sessions`;
  let [after, left] = ["", 0];
  for (;;) {
    const [row] = await run(`
      WITH seen AS MATERIALIZED (
        SELECT id, ${isAstray} AS is_due FROM ${sessions} WHERE id > ${literal(after)} ORDER BY id LIMIT ${batch}
      ), free AS MATERIALIZED (
        SELECT id FROM ${sessions}
        WHERE id IN (SELECT id FROM seen WHERE is_due) AND ${isAstray}
        FOR UPDATE SKIP LOCKED
      ), filled AS (
        UPDATE ${sessions} AS session SET active_at = last_seen_at FROM free WHERE session.id = free.id RETURNING 1
      )
      SELECT count(*), max(id), count(*) FILTER (WHERE is_due) - (SELECT count(*) FROM filled) FROM seen`);
    const [seen, last, passedOver] = row!;
    left += Number(passedOver);
    if (Number(seen) < batch) return left === 0;
    after = last!;
  }
}

/** One whose making was broken off is there and invalid. */
async function addIndex(run: Run, at: string, index: DirectoryIndex): Promise<void> {
  const name = `${at}${index.name}`;
  const [known] = await run(
    `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(${literal(name)})`,
  );
  if (known?.[0] === "t") return;
  await run(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await run(createIndex(at, index, "CONCURRENTLY"));
}
