/** What can be read in a store by whoever has a copy of it, or of what it was told. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "pg";
import { createClient } from "redis";

/** A copy of a store. */
export interface Dump {
  /** As it lies there. */
  readonly contents: readonly (string | Uint8Array)[];
  /** Value by value, row by row: each column, field, member and key. */
  readonly rows: readonly (readonly string[])[];
}

/** The file, and what is beside it because it was not written into it yet. */
export function dumpSqlite(path: string): Dump {
  const files = ["", "-wal", "-shm"].map((end) => path + end).filter(existsSync);
  const contents = files.map((file) => readFileSync(file));
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all());
    return { contents, rows: rows.map((row) => Object.values(row).flatMap(leavesOf)) };
  } finally {
    database.close();
  }
}

/** Every table of the application. */
export async function dumpPostgres(url: string): Promise<Dump> {
  const pool = new Pool({ connectionString: url, max: 1 });
  try {
    const { rows: tables } = await pool.query(
      "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    const dumps: Dump[] = [];
    for (const { name } of tables) {
      const { rows } = await pool.query(`SELECT t.*, t::text AS whole FROM ${name} t`);
      dumps.push({
        contents: rows.map(({ whole }) => whole),
        rows: rows.map(({ whole: _, ...columns }) => leavesOf(columns)),
      });
    }
    return { contents: dumps.flatMap(({ contents }) => contents), rows: dumps.flatMap(({ rows }) => rows) };
  } finally {
    await pool.end();
  }
}

/** Every key with its value. */
export async function dumpRedis(url: string): Promise<Dump> {
  const client = createClient({ url });
  await client.connect();
  const read = async (key: string): Promise<unknown> => {
    const readers: Readonly<Record<string, () => Promise<unknown>>> = {
      string: () => client.get(key),
      hash: () => client.hGetAll(key),
      set: () => client.sMembers(key),
      zset: () => client.zRangeWithScores(key, 0, -1),
      list: () => client.lRange(key, 0, -1),
      stream: () => client.xRange(key, "-", "+"),
    };
    // One that has expired meanwhile has no type any more.
    return readers[await client.type(key)]?.();
  };
  try {
    const rows: string[][] = [];
    for await (const keys of client.scanIterator()) {
      for (const key of keys) rows.push([key, await read(key)].flatMap(leavesOf));
    }
    return { contents: [JSON.stringify(rows)], rows };
  } finally {
    client.destroy();
  }
}

/** What a Redis is told from now on, command by command. */
export async function commandsTold(port: number): Promise<() => string> {
  const socket = connect(port, "127.0.0.1");
  let told = "";
  socket.on("error", () => {}).write("MONITOR\r\n");
  await once(socket, "data");
  socket.on("data", (chunk) => (told += chunk.toString("latin1"))).unref();
  return () => told;
}

/** Settings of a PostgreSQL that logs every statement, with its values. */
export const logsStatements: Readonly<Record<string, string>> = { log_statement: "all" };

/** Every text in a value, however deep; of bytes their usual spellings. */
export function leavesOf(value: unknown): string[] {
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    return [bytes.toString("base64url"), bytes.toString("hex"), bytes.toString("latin1")];
  }
  if (typeof value === "object" && value !== null) return Object.entries(value).flat().flatMap(leavesOf);
  if (typeof value !== "string") return [String(value)];
  return [value, ...(value.match(/[\w-]{16,}/g) ?? [])];
}
