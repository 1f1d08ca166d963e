/** The tables of the users in SQLite, and how they change. */
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../database.ts";

/** Append only: what has run on somebody's database stays as it was. */
const steps = [
  `CREATE TABLE coatcheck_users (
     id TEXT PRIMARY KEY,
     email TEXT NOT NULL,
     email_key TEXT NOT NULL UNIQUE,
     password_hash TEXT NOT NULL,
     credential_version INTEGER NOT NULL,
     credentials_changed_at INTEGER NOT NULL,
     roles TEXT NOT NULL,
     disabled INTEGER NOT NULL,
     created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE coatcheck_setup_links (
     link_hash TEXT PRIMARY KEY,
     expires_at INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE coatcheck_reset_codes (
     code_hash TEXT PRIMARY KEY,
     user_id TEXT NOT NULL,
     credential_version INTEGER NOT NULL,
     requested_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX coatcheck_reset_codes_by_user ON coatcheck_reset_codes (user_id);
   CREATE TABLE coatcheck_outbox (
     id TEXT PRIMARY KEY,
     mail TEXT NOT NULL,
     queued_at INTEGER NOT NULL,
     due_at INTEGER NOT NULL,
     attempts INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX coatcheck_outbox_by_due ON coatcheck_outbox (due_at);
   CREATE TABLE coatcheck_end_links (
     code_hash TEXT PRIMARY KEY,
     user_id TEXT NOT NULL,
     session_id TEXT,
     signed_in_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE coatcheck_known_devices (
     user_id TEXT NOT NULL,
     name TEXT NOT NULL,
     network TEXT NOT NULL,
     first_seen_at INTEGER NOT NULL,
     last_seen_at INTEGER NOT NULL,
     PRIMARY KEY (user_id, name, network)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE coatcheck_mail_preferences (
     user_id TEXT PRIMARY KEY,
     language TEXT,
     new_device INTEGER NOT NULL DEFAULT 1
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE coatcheck_figures (
     grain INTEGER NOT NULL,
     start INTEGER NOT NULL,
     name TEXT NOT NULL,
     count INTEGER NOT NULL,
     PRIMARY KEY (grain, start, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE coatcheck_refused_addresses (
     start INTEGER NOT NULL,
     address TEXT NOT NULL,
     count INTEGER NOT NULL,
     PRIMARY KEY (start, address)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE coatcheck_figure_batches (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX coatcheck_figure_batches_by_time ON coatcheck_figure_batches (at);
   CREATE TABLE coatcheck_census (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     due_at INTEGER NOT NULL,
     counted_at INTEGER,
     alive INTEGER
   ) STRICT;`,
];

/** Brings the tables to the version that this release works with. */
export function migrateAccounts(database: DatabaseSync): void {
  migrate(database, "coatcheck_account_migrations", steps);
}
