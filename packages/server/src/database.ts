/** The embedded database: one file that nobody else on the machine may read. */
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The file cannot be made, read or written, or is something else. */
export class DatabaseOpenError extends Error {
  constructor(setting: "COATCHECK_DATABASE" | "COATCHECK_SESSIONS", file: string, cause: unknown) {
    const { message } = cause as Error;
    super(
      `The database ${file} cannot be opened: ${message}. ` +
        `Set ${setting} to sqlite: and a file that this user may write.`,
      { cause },
    );
  }
}

/** Opens the file, creating it and its folder. SQLite gives its `-wal` and `-shm` files the same mode. */
export function openDatabase(file: string): DatabaseSync {
  prepareFile(file);
  const database = new DatabaseSync(file);
  database.exec("PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL");
  return database;
}

/** Creates the file and its folder where they are missing, and shuts everybody else out. */
export function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, "a", 0o600));
  // The umask may have taken from the mode, and an older file may have more.
  chmodSync(file, 0o600);
}

/**
 * Runs those of `migrations` that this database has not seen, each with its mark in one transaction. The marks have a
 * table of their own, because the session store lives in the same file and keeps its own.
 */
export function migrate(database: DatabaseSync, marks: string, migrations: readonly string[]): void {
  database.exec(`CREATE TABLE IF NOT EXISTS ${marks} (version INTEGER PRIMARY KEY) STRICT`);
  migrations.forEach((sql, index) => {
    const version = index + 1;
    inTransaction(database, () => {
      const { changes } = database
        .prepare(`INSERT OR IGNORE INTO ${marks} (version) VALUES (?)`)
        .run(version);
      if (changes === 1) database.exec(sql);
      return true;
    });
  });
}

/** Runs all of `work`, or undoes it if it says no. Nothing awaits inside: one connection, one transaction. */
export function inTransaction(database: DatabaseSync, work: () => boolean): boolean {
  database.exec("BEGIN IMMEDIATE");
  try {
    const done = work();
    database.exec(done ? "COMMIT" : "ROLLBACK");
    return done;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
