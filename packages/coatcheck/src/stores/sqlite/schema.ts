/** The tables of coatcheck in a SQLite database, which may be the application's own, and how they change. */
import type { DatabaseSync } from "node:sqlite";
import { auditEventsByUser, auditSchema } from "./audit-schema.ts";
import { directorySchema } from "./directory-schema.ts";
import { rememberSchema } from "./remember-schema.ts";
import { throttleSchema } from "./throttle-schema.ts";

/**
 * Each step leads from one version to the next. A published step is never edited: later ones are added.
 *
 * There is no index on the expiry: it would make every touch write two trees instead of one (90 us, not 35), and
 * pruning walks the key as fast. Columns that are long stand last, so that walking need not read them.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE coatcheck_sessions (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    family_hash TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    secret_issued_at INTEGER NOT NULL,
    pending TEXT,
    superseded TEXT NOT NULL,
    secret_revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr TEXT NOT NULL,
    last_seen_at INTEGER NOT NULL,
    client TEXT NOT NULL,
    data_version INTEGER NOT NULL,
    data_revision INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX coatcheck_sessions_by_user ON coatcheck_sessions (user_id);
  CREATE TABLE coatcheck_ended_sessions (
    id TEXT PRIMARY KEY,
    family_hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  "ALTER TABLE coatcheck_sessions ADD COLUMN fingerprint TEXT;",
  auditSchema,
  rememberSchema,
  throttleSchema,
  auditEventsByUser,
  directorySchema,
];

/**
 * Brings the tables to the version that this release works with.
 * @throws Error if a later release has changed them already.
 */
export function migrate(db: DatabaseSync): void {
  if (installedVersion(db) === migrations.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Asked again: another process may have migrated while this one waited for the lock.
    const installed = installedVersion(db);
    if (installed > migrations.length) throw newerSchema(installed);
    for (const step of migrations.slice(installed)) db.exec(step);
    noteVersion(db);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function installedVersion(db: DatabaseSync): number {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'coatcheck_schema'").get();
  if (!known) return 0;
  const row = db.prepare("SELECT version FROM coatcheck_schema").get();
  return Number(Object.values(row ?? {})[0] ?? 0);
}

function noteVersion(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS coatcheck_schema (version INTEGER NOT NULL) STRICT;
    DELETE FROM coatcheck_schema;
    INSERT INTO coatcheck_schema VALUES (${migrations.length});
  `);
}

function newerSchema(installed: number): Error {
  return new Error(
    `The coatcheck tables of this database have version ${installed}, this release knows ${migrations.length}: install the release of coatcheck that wrote them, or a later one`,
  );
}
