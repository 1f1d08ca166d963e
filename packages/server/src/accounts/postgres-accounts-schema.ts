/** The tables of the users in PostgreSQL, and how they change. */
import type { Pool, PoolClient } from "pg";

/**
 * Append only: what has run on somebody's database stays as it was. Keys compare as bytes: in the same order
 * everywhere, and as in SQLite.
 */
const steps = [
  `CREATE TABLE coatcheck_account_schema (version integer NOT NULL);
INSERT INTO coatcheck_account_schema (version) VALUES (1);

CREATE TABLE coatcheck_users (
  id text COLLATE "C" PRIMARY KEY,
  email text NOT NULL,
  email_key text COLLATE "C" NOT NULL UNIQUE,
  password_hash text NOT NULL,
  credential_version bigint NOT NULL,
  credentials_changed_at bigint NOT NULL,
  roles text[] NOT NULL,
  disabled boolean NOT NULL,
  created_at bigint NOT NULL
);

CREATE TABLE coatcheck_setup_links (
  link_hash text COLLATE "C" PRIMARY KEY,
  expires_at bigint NOT NULL
);
`,
  `UPDATE coatcheck_account_schema SET version = 2;

CREATE TABLE coatcheck_reset_codes (
  code_hash text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  credential_version bigint NOT NULL,
  requested_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX coatcheck_reset_codes_by_user ON coatcheck_reset_codes (user_id);

CREATE TABLE coatcheck_outbox (
  id text COLLATE "C" PRIMARY KEY,
  mail text NOT NULL,
  queued_at bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts integer NOT NULL
);
CREATE INDEX coatcheck_outbox_by_due ON coatcheck_outbox (due_at);

CREATE TABLE coatcheck_end_links (
  code_hash text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C",
  signed_in_at bigint NOT NULL,
  expires_at bigint NOT NULL
);

CREATE TABLE coatcheck_known_devices (
  user_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  network text COLLATE "C" NOT NULL,
  first_seen_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  PRIMARY KEY (user_id, name, network)
);

CREATE TABLE coatcheck_mail_preferences (
  user_id text COLLATE "C" PRIMARY KEY,
  language text,
  new_device boolean NOT NULL DEFAULT true
);
`,
  `UPDATE coatcheck_account_schema SET version = 3;

CREATE TABLE coatcheck_figures (
  grain integer NOT NULL,
  start bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (grain, start, name)
);

CREATE TABLE coatcheck_refused_addresses (
  start bigint NOT NULL,
  address text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (start, address)
);

CREATE TABLE coatcheck_figure_batches (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  at bigint NOT NULL
);
CREATE INDEX coatcheck_figure_batches_by_time ON coatcheck_figure_batches (at);

CREATE TABLE coatcheck_census (
  id integer PRIMARY KEY CHECK (id = 1),
  due_at bigint NOT NULL,
  counted_at bigint,
  alive bigint
);
`,
];

/** The SQL that `migrateAccounts` runs on an empty database, for people who run their own migrations. */
export function accountsMigration(): string {
  return steps.join("\n");
}

/**
 * Brings the tables to the version that this release works with. Servers that start at once wait for each other. Where
 * nothing is to do it needs no right but to read.
 * @throws Error if a later release has changed them already.
 */
export async function migrateAccounts(pool: Pool): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    // The number says only that it is ours: any other two that share it wait for each other, and that is all.
    await client.query("BEGIN; SELECT pg_advisory_xact_lock(5640215370)");
    const version = await installedVersion(client);
    if (version > steps.length) throw newerSchema(version);
    for (const step of steps.slice(version)) await client.query(step);
    await client.query("COMMIT");
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

async function installedVersion(client: PoolClient): Promise<number> {
  const { rows } = await client.query("SELECT to_regclass('coatcheck_account_schema') AS marks");
  if (rows[0].marks === null) return 0;
  const marks = await client.query("SELECT version FROM coatcheck_account_schema");
  return marks.rows[0].version;
}

function newerSchema(version: number): Error {
  return new Error(
    `its tables have version ${version}, and this release knows ${steps.length}: ` +
      "install the release of coatcheck-server that wrote them, or a later one",
  );
}
