/** What PostgreSQL says of itself that would cost users their sessions, or every request its time. */
import type { Finding } from "../../core/finding.ts";
import type { Database } from "./database.ts";
import { prefix, schemaVersion } from "./schema.ts";

type Run = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

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
  const findings: Finding[] = [];
  for (const [table, column] of lookUps) {
    const plan = await run(`EXPLAIN SELECT 1 FROM ${prefix(schema)}${table} WHERE ${column} = 'nobody'`);
    if (plan.some(([line]) => line?.includes("Seq Scan"))) findings.push(withoutIndex(table, column));
  }
  return findings;
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
