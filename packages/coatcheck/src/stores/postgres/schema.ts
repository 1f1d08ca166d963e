/** The tables of coatcheck in a PostgreSQL database, which may be the application's own, and how they change. */

import { setTimeout } from "node:timers/promises";
import { auditEventsByUser, auditSchema } from "./audit-schema.ts";
import { type Database, pause, type Run } from "./database.ts";
import { directoryIndexes, directorySchema } from "./directory-schema.ts";
import { addDirectoryIndexes } from "./directory-upgrade.ts";
import { literal, prefix, quoted } from "./name.ts";
import { rememberSchema } from "./remember-schema.ts";
import { tellingSchema } from "./telling-schema.ts";

/** Where the tables are. */
export interface PostgresSchemaOptions {
  /**
   * The schema of the tables. Default: where the connection's `search_path` leads, as for the application's own
   * tables. It is created if it is not there.
   */
  readonly schema?: string;
}

/** What to print of the migrations. */
export interface PostgresMigrationOptions extends PostgresSchemaOptions {
  /** The version that the tables have already. Default 0: there are none. */
  readonly from?: number;
}

/**
 * Each step leads from one version to the next. A published step is never edited: later ones are added.
 *
 * - No index on the expiry: with it no touch could be a HOT update, which writes one page and no index; pruning walks
 *   the key instead. For the same reason pages are not filled up: the new version of a row lies beside the old one.
 * - Ids compare as bytes: faster than in any language, and in the same order everywhere.
 * - `data` is an object of the texts of its values: see `row.ts`.
 */
const steps: readonly ((at: string) => string)[] = [
  (at) => `CREATE TABLE ${at}coatcheck_schema (version integer NOT NULL);
INSERT INTO ${at}coatcheck_schema (version) VALUES (1);

CREATE TABLE ${at}coatcheck_sessions (
  id text COLLATE "C" PRIMARY KEY,
  secret_issued_at bigint NOT NULL,
  secret_revision bigint NOT NULL,
  created_at bigint NOT NULL,
  authenticated_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  data_version bigint NOT NULL,
  data_revision bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  family_hash text NOT NULL,
  secret_hash text NOT NULL,
  pending text,
  superseded text NOT NULL,
  amr text NOT NULL,
  client text NOT NULL,
  data jsonb NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX coatcheck_sessions_by_user ON ${at}coatcheck_sessions (user_id);

CREATE TABLE ${at}coatcheck_ended_sessions (
  id text COLLATE "C" PRIMARY KEY,
  until bigint NOT NULL,
  family_hash text NOT NULL,
  reason text NOT NULL
);
`,
  (at) => `ALTER TABLE ${at}coatcheck_sessions ADD COLUMN fingerprint text;
UPDATE ${at}coatcheck_schema SET version = 2;
`,
  (at) => `CREATE TABLE ${at}coatcheck_attempts (
  key text COLLATE "C" PRIMARY KEY,
  failures bigint NOT NULL,
  last_attempt_at bigint NOT NULL,
  forgotten_at bigint NOT NULL
) WITH (fillfactor = 80);
UPDATE ${at}coatcheck_schema SET version = 3;
`,
  (at) => `${auditSchema(at)}UPDATE ${at}coatcheck_schema SET version = 4;
`,
  (at) => `${rememberSchema(at)}UPDATE ${at}coatcheck_schema SET version = 5;
`,
  (at) => `${tellingSchema(at)}UPDATE ${at}coatcheck_schema SET version = 6;
`,
  (at) => `${auditEventsByUser(at)}UPDATE ${at}coatcheck_schema SET version = 7;
`,
  (at) => `${directorySchema(at)}UPDATE ${at}coatcheck_schema SET version = 8;
`,
  (at) => `${directoryIndexes(at)}UPDATE ${at}coatcheck_schema SET version = 9;
`,
];

/** The last version that is reached in a moment, however many sessions there are. */
const lastQuickVersion = 8;

/** How long the tables are waited for, in milliseconds: whoever needs them meanwhile waits behind. */
const longestWait = 500;

/** The version of the tables that this release works with. */
export const schemaVersion: number = steps.length;

/**
 * The SQL that `migrate` runs, for people who run their own migrations. Run it in one transaction.
 * @throws TypeError if there is no such version, or `schema` is no name.
 */
export function postgresMigration({ schema, from = 0 }: PostgresMigrationOptions = {}): string {
  if (!Number.isInteger(from) || from < 0 || from > schemaVersion) {
    throw new TypeError(`from must be a version of the tables: a whole number from 0 to ${schemaVersion}`);
  }
  const place =
    schema !== undefined && from === 0 ? [`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};\n`] : [];
  return [...place, ...migrationSteps(schema, from)].join("\n");
}

/**
 * Brings the tables to the version that this release works with. Nodes that start at once wait for each other. What
 * takes long where there are many sessions holds nobody up who uses them.
 * @throws Error if a later release has changed them already.
 */
export async function migrate(database: Database, schema: string | undefined): Promise<void> {
  let reached = await patiently(() => migrateQuickly(database, schema));
  if (reached >= schemaVersion) return;
  const at = prefix(schema);
  const isDone = await database.alongside("coatcheck long migrations", async (run) => {
    reached = await installedVersion(run, schema);
    if (reached >= schemaVersion) return;
    await addDirectoryIndexes(run, at);
    await run(`UPDATE ${at}coatcheck_schema SET version = ${schemaVersion}`);
  });
  if (!isDone) await patiently(() => migrateQuickly(database, schema, schemaVersion));
}

/** As far as it takes no time: up to `last`, and new tables to the end. The version that they have now. */
async function migrateQuickly(
  database: Database,
  schema: string | undefined,
  last = lastQuickVersion,
): Promise<number> {
  let reached = 0;
  await database.exclusively("coatcheck migrations", async (run) => {
    const installed = await installedVersion(run, schema);
    if (installed > schemaVersion) throw newerSchema(installed);
    if (installed === 0 && schema !== undefined) await createSchema(run, schema);
    reached = Math.max(installed, installed === 0 ? schemaVersion : last);
    await run(`SET LOCAL lock_timeout = ${longestWait}`);
    for (const step of migrationSteps(schema, installed, reached)) await run(step);
  });
  return reached;
}

/** A transaction that holds the tables, a dump for instance, is not waited for while others wait behind: again later. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "55P03") throw error;
    }
    await setTimeout(pause);
  }
}

async function installedVersion(run: Run, schema: string | undefined): Promise<number> {
  const table = `${prefix(schema)}coatcheck_schema`;
  const [known] = await run(`SELECT to_regclass(${literal(table)})`);
  if (known?.[0] == null) return 0;
  const [row] = await run(`SELECT version FROM ${table}`);
  return Number(row?.[0] ?? 0);
}

/** `IF NOT EXISTS` alone would demand the right to create schemas also of those who were given one. */
async function createSchema(run: Run, schema: string): Promise<void> {
  const [known] = await run(`SELECT to_regnamespace(${literal(quoted(schema))})`);
  if (known?.[0] == null) await run(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
}

function migrationSteps(schema: string | undefined, from: number, to = schemaVersion): string[] {
  return steps.slice(from, to).map((step) => step(prefix(schema)));
}

function newerSchema(installed: number): Error {
  return new Error(
    `The coatcheck tables of this database have version ${installed}, this release knows ${schemaVersion}: install the release of coatcheck that wrote them, or a later one`,
  );
}
