/** A database file of the store's own: how it is opened, made durable and closed. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Checkpointer } from "./checkpointer.ts";

/**
 * A database file in WAL mode. Commits go to the log and are not flushed one by one (`synchronous = NORMAL`): a
 * crash of the process loses nothing, a power cut may lose what `flushed` was not awaited for.
 */
export class DatabaseFile {
  readonly db: DatabaseSync;
  readonly #path: string;
  readonly #checkpointer: Checkpointer;
  #log: FileHandle | undefined;
  #flushing: Promise<unknown> = Promise.resolve();
  #nextFlush: Promise<void> | undefined;

  constructor(path: string, timeout: number) {
    this.#path = resolve(path);
    createPrivately(this.#path);
    this.db = new DatabaseSync(this.#path);
    this.db.exec(`PRAGMA busy_timeout = ${timeout}`);
    const [mode] = Object.values(this.db.prepare("PRAGMA journal_mode = WAL").get() ?? {});
    if (mode !== "wal") throw new Error(`SQLite cannot keep a write-ahead log for ${this.#path} (${mode})`);
    this.db.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
    this.#checkpointer = new Checkpointer(this.#path, (error) => this.#checkpointHere(error));
  }

  /** To be called after each commit. */
  wrote(): void {
    this.#checkpointer.request();
  }

  /**
   * Resolves when all that is committed by now would survive a power cut. The disk is waited for off the event loop;
   * those who come while it is busy share the next flush.
   */
  flushed(): Promise<void> {
    // A flush that has begun may not cover the caller's commit, so the caller waits for the one after it.
    this.#nextFlush ??= this.#flushing.then(() => {
      this.#nextFlush = undefined;
      const flush = this.#flush();
      this.#flushing = flush.catch(() => {});
      return flush;
    });
    return this.#nextFlush;
  }

  /** Moves everything from the log into the file and closes it. */
  async close(): Promise<void> {
    await this.#checkpointer.stop();
    await Promise.allSettled([this.#nextFlush ?? this.#flushing]);
    await this.#log?.close();
    this.db.close();
  }

  async #flush(): Promise<void> {
    // SQLite takes no locks on the log, so closing this handle releases none. The log exists: there was a commit.
    this.#log ??= await open(`${this.#path}-wal`, "r+");
    await this.#log.datasync();
  }

  /** Without its thread, the log would grow for ever. */
  #checkpointHere(cause: Error): void {
    if (this.db.isOpen) this.db.exec("PRAGMA wal_autocheckpoint = 1000");
    process.emitWarning(
      `The checkpoint thread of ${this.#path} failed (${cause.message}); requests now wait for checkpoints`,
      { code: "COATCHECK_CHECKPOINT" },
    );
  }
}

/** Only the owner may read sessions. SQLite gives its `-wal` and `-shm` files the mode of the database file. */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Never opened when it exists: closing it would drop the locks that other connections of this process hold on it.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
