/** What PostgreSQL says of itself that would cost users their sessions, or every request its time. */
import type { Finding } from "../../core/finding.ts";
import type { Database, Run } from "./database.ts";
import { createIndex, type DirectoryIndex, projectedIndexes, sessionIndexes } from "./directory-schema.ts";
import { prefix } from "./name.ts";
import { schemaVersion } from "./schema.ts";

/** What is looked up at requests, and by which column. */
const lookUps = [
  ["coatcheck_sessions", "id"],
  ["coatcheck_sessions", "user_id"],
  ["coatcheck_ended_sessions", "id"],
  ["coatcheck_remembered", "id"],
  ["coatcheck_remembered", "user_id"],
  ["coatcheck_remembered", "session_id"],
  ["coatcheck_remembered", "former_session_id"],
] as const;

/** What is looked up when somebody searches. */
const directoryIndexes = [...sessionIndexes, ...projectedIndexes].filter(
  ({ table, key }) => !lookUps.some((lookUp) => lookUp[0] === table && lookUp[1] === key),
);

export async function diagnosePostgres(database: Database, schema: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  await database.exclusively("coatcheck diagnosis", async (run) => {
    findings.push(...(await diagnoseTables(run, schema)), ...(await diagnoseDurability(run)));
  });
  return findings;
}

async function diagnoseTables(run: Run, schema: string | undefined): Promise<Finding[]> {
  const [row] = await run(`SELECT version FROM ${prefix(schema)}coatcheck_schema`);
  const installed = Number(row?.[0] ?? 0);
  if (installed > schemaVersion) return [newer(installed)];
  // Small tables are read whole whatever indexes there are: what counts is whether there is another way.
  await run("SET LOCAL enable_seqscan = off");
  const at = prefix(schema);
  const findings: Finding[] = [];
  for (const [table, column] of lookUps) {
    if (await readsAll(run, at + table, column)) findings.push(withoutIndex(table, column));
  }
  for (const index of directoryIndexes) {
    if (await readsAll(run, at + index.table, index.key)) findings.push(withoutDirectoryIndex(at, index));
  }
  return findings;
}

async function readsAll(run: Run, table: string, expression: string): Promise<boolean> {
  // A text and a number.
  const plan = await run(`EXPLAIN SELECT 1 FROM ${table} WHERE ${expression} = '1'`);
  return plan.some(([line]) => line?.includes("Seq Scan"));
}

function newer(installed: number): Finding {
  return {
    code: "postgres-newer-tables",
    severity: "warning",
    what: `The tables of coatcheck have version ${installed}, this release knows ${schemaVersion}.`,
    why: "A later release has changed them: this one works while nodes are being updated, and cannot start anew.",
    fix: "Install the later release on this node too.",
  };
}

function withoutIndex(table: string, column: string): Finding {
  return {
    code: "postgres-index",
    severity: "error",
    what: `PostgreSQL has no usable index for ${table}.${column}.`,
    why: "It reads the whole table at each look-up: slower with every session there is.",
    fix: `Somebody dropped it, or it is invalid (\\d ${table}). CREATE INDEX ON ${table} (${column}), or REINDEX TABLE ${table}.`,
  };
}

function withoutDirectoryIndex(at: string, index: DirectoryIndex): Finding {
  const { name, table } = index;
  return {
    code: "postgres-index",
    severity: "warning",
    what: `PostgreSQL has no usable index ${name}.`,
    why: "It reads the whole table when somebody searches sessions: slower with every session there is.",
    fix: `Somebody dropped it, or it is invalid (\\d ${table}). REINDEX INDEX ${at}${name}, or ${createIndex(at, index, "CONCURRENTLY").trim()}`,
  };
}

async function diagnoseDurability(run: Run): Promise<Finding[]> {
  const [settings] = await run("SELECT current_setting('synchronous_commit'), current_setting('fsync')");
  const [synchronousCommit, fsync] = settings!;
  if (synchronousCommit !== "off" && fsync !== "off") return [];
  return [
    {
      code: "postgres-durability",
      severity: "warning",
      what: `PostgreSQL answers before it has written (${fsync === "off" ? "fsync" : "synchronous_commit"} = off).`,
      why: "After a crash of the server, sessions that were ended just before live again.",
      fix: "Set both to on, for the database or for the role of the application.",
    },
  ];
}
