/** What a SQLite database shows that would cost users their sessions, or every request its time. */
import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/finding.ts";

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
const searches = [
  ["coatcheck_sessions", "active_at"],
  ["coatcheck_sessions", "created_at"],
  ["coatcheck_sessions", "address"],
  ["coatcheck_projected_sessions", "user_id"],
  ["coatcheck_projected_sessions", "active_at"],
  ["coatcheck_projected_sessions", "created_at"],
  ["coatcheck_projected_sessions", "address"],
] as const;

/** Below this, in bytes, the log may not find the room for its next checkpoint. */
const littleRoom = 100 * 1024 * 1024;

export function diagnoseSqlite(db: DatabaseSync): Finding[] {
  const file = db.location();
  if (file === null) return [...diagnoseIndexes(db), inMemory];
  return [...diagnoseIndexes(db), ...diagnoseJournal(db), ...diagnoseRights(file), ...diagnoseRoom(file)];
}

const inMemory: Finding = {
  code: "sqlite-in-memory",
  severity: "warning",
  what: "The database is in memory.",
  why: "A restart signs everybody out, and no other process sees the sessions.",
  fix: 'Give the store a file: new SqliteSessionStore("sessions.db").',
};

function diagnoseIndexes(db: DatabaseSync): Finding[] {
  const withoutIndex = ([table, column]: readonly [string, string]) => {
    const plan = db.prepare(`EXPLAIN QUERY PLAN SELECT 1 FROM ${table} WHERE ${column} = 'nobody'`).all();
    return plan.some((row) => Object.values(row).some((value) => String(value).startsWith("SCAN")));
  };
  return [
    ...lookUps.filter(withoutIndex).map(([table, column]) => ({
      ...missingIndex(table, column),
      severity: "error" as const,
      why: "It reads the whole table at each look-up: slower with every session there is.",
    })),
    ...searches.filter(withoutIndex).map(([table, column]) => ({
      ...missingIndex(table, column),
      severity: "warning" as const,
      why: "It reads the whole table when somebody searches sessions: slower with every session there is.",
    })),
  ];
}

function missingIndex(table: string, column: string): Pick<Finding, "code" | "what" | "fix"> {
  return {
    code: "sqlite-index",
    what: `SQLite has no index for ${table}.${column}.`,
    fix: `Somebody dropped it: CREATE INDEX ${table}_by_${column} ON ${table} (${column}).`,
  };
}

function diagnoseJournal(db: DatabaseSync): Finding[] {
  const mode = String(Object.values(db.prepare("PRAGMA journal_mode").get() ?? {})[0]);
  if (mode === "wal") return [];
  return [
    {
      code: "sqlite-journal",
      severity: "warning",
      what: `The journal mode is ${mode}.`,
      why: "Readers wait for writers, and writers for readers.",
      fix: "PRAGMA journal_mode = WAL on the connection, before it is given to the store.",
    },
  ];
}

/** Whoever reads the file knows who is signed in and from where; whoever writes it signs anybody in. */
function diagnoseRights(file: string): Finding[] {
  if (process.platform === "win32") return [];
  const rights = fs.statSync(file).mode & 0o777;
  if ((rights & 0o077) === 0) return [];
  return [
    {
      code: "sqlite-rights",
      severity: "warning",
      what: `Other users of this machine may open the database (its mode is ${rights.toString(8)}).`,
      why: "Who reads it knows who is signed in and from where; who writes it can sign anybody in.",
      fix: `chmod 600 ${JSON.stringify(file)}, and the files -wal and -shm beside it.`,
    },
  ];
}

function diagnoseRoom(file: string): Finding[] {
  const { bavail, bsize } = fs.statfsSync(file);
  const free = bavail * bsize;
  if (free >= littleRoom) return [];
  return [
    {
      code: "disk-full",
      severity: free === 0 ? "error" : "warning",
      what: `The disk of the database has ${Math.floor(free / 1024 / 1024)} MiB left.`,
      why: "When it is full nobody can sign in or out: every write is answered with 503.",
      fix: "Make room, or move the database.",
    },
  ];
}
