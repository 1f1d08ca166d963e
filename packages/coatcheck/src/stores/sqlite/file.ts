/** A database file of the store's own: how it is opened, made durable and closed. */
import fs from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Checkpointer } from "./checkpointer.ts";

/**
 * In KiB: the pages of some 40,000 sessions, for as long as there are so many. With SQLite's own 2 MB, most finds among
 * 10,000 read a page.
 */
const pageCache = 32_768;

/**
 * A database file in WAL mode. Commits go to the log and are not flushed one by one (`synchronous = NORMAL`): a
 * crash of the process loses nothing, a power cut may lose what `flushed` was not awaited for.
 */
export class DatabaseFile {
  readonly db: DatabaseSync;
  readonly #path: string;
  readonly #checkpointer: Checkpointer;
  /** SQLite takes no locks on the log, so closing this descriptor of it releases none. */
  readonly #log: number;
  #flushing: Promise<void> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;

  constructor(path: string, timeout: number) {
    this.#path = resolve(path);
    createPrivately(this.#path);
    this.db = new DatabaseSync(this.#path);
    try {
      keepLog(this.db, timeout);
      this.#log = fs.openSync(`${this.#path}-wal`, "r+");
    } catch (error) {
      this.db.close();
      throw error;
    }
    flushFolderOf(this.#path);
    this.#checkpointer = new Checkpointer(this.#path, timeout, (why, lasting) => {
      if (lasting === "for good") this.#checkpointHere(why);
      else
        this.#warn(`A checkpoint of ${this.#path} failed (${why}); it is tried again after the next write`);
    });
  }

  /** To be awaited before each transaction that writes, where there is anything to wait for. */
  get hold(): Promise<void> | undefined {
    return this.#checkpointer.hold;
  }

  /** To be called after each attempt to write: what fills a full disk may be the log, and then only a checkpoint helps. */
  tried(): void {
    this.#checkpointer.request();
  }

  /**
   * Resolves when all that is committed by now would survive a power cut. The disk is waited for off the event loop;
   * those who come while it is busy share the next flush.
   *
   * Once a flush has failed, all later ones do: the log is read back up to its first gap, so what is written behind a
   * gap is not safe either, whatever the disk says.
   */
  flushed(): Promise<void> {
    // A flush that has begun may not cover the caller's commit, so the caller waits for the one after it.
    this.#nextFlush ??= this.#flushing.then(() => {
      this.#nextFlush = undefined;
      this.#flushing = this.#flush();
      return this.#flushing;
    });
    return this.#nextFlush;
  }

  /** Moves everything from the log into the file and closes it. */
  async close(): Promise<void> {
    await this.#checkpointer.stop();
    await Promise.allSettled([this.#nextFlush ?? this.#flushing]);
    fs.closeSync(this.#log);
    this.db.close();
  }

  #flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#log, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Without its thread, the log would grow for ever. */
  #checkpointHere(why: string): void {
    if (this.db.isOpen) this.db.exec("PRAGMA wal_autocheckpoint = 1000");
    this.#warn(`The checkpoint thread of ${this.#path} failed (${why}); requests now wait for checkpoints`);
  }

  #warn(message: string): void {
    process.emitWarning(message, { code: "COATCHECK_CHECKPOINT" });
  }
}

/** Only the owner may read sessions. SQLite gives its `-wal` and `-shm` files the mode of the database file. */
function createPrivately(path: string): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Never opened when it exists: closing it would drop the locks that other connections of this process hold on it.
    fs.closeSync(fs.openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function keepLog(db: DatabaseSync, timeout: number): void {
  db.exec(`PRAGMA busy_timeout = ${timeout}`);
  const [mode] = Object.values(db.prepare("PRAGMA journal_mode = WAL").get() ?? {});
  if (mode !== "wal") throw new Error(`SQLite cannot keep a write-ahead log here (journal mode ${mode})`);
  db.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${pageCache}`);
  // The first reader creates the log.
  db.prepare("SELECT 1 FROM sqlite_schema").get();
}

/** A new file is found after a power cut only if its folder was flushed. Windows opens no folders, and needs it not. */
function flushFolderOf(path: string): void {
  if (process.platform === "win32") return;
  const folder = fs.openSync(dirname(path), "r");
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}
