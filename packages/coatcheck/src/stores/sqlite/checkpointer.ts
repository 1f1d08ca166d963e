/** Moves what the write-ahead log of a database has gathered into its file, away from the event loop. */
import { Worker } from "node:worker_threads";

/** Often enough that a checkpoint is short, seldom enough that a busy page is written once and not a hundred times. */
const interval = 250;

/** In pages of 4 KiB: a log of 16 MB is long. */
const longLog = 4096;

/**
 * Text, not a file: a path to a file would have to survive `tsc` and the application's bundler.
 *
 * A checkpoint on the calling thread holds all requests up for 40 to 100 ms; PASSIVE on another thread never makes
 * anybody wait. But while there is always somebody writing, it never comes to the end of the log, which then grows
 * for ever. So a long log is started anew: each further pass has only to move what was written during the one before,
 * and RESTART, which does keep writers out, is left with the last few pages and milliseconds.
 */
const workerProgram = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  const db = new DatabaseSync(workerData);
  const passive = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  const restart = db.prepare("PRAGMA wal_checkpoint(RESTART)");
  parentPort.on("message", () => {
    if (passive.get().log <= ${longLog}) return;
    passive.get();
    passive.get();
    restart.get();
  });
`;

/** A thread that checkpoints a database while, and only while, there are writes. Does not keep the process alive. */
export class Checkpointer {
  readonly #path: string;
  readonly #onFailure: (error: Error) => void;
  #worker: Worker | undefined;
  #due: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(path: string, onFailure: (error: Error) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Something was written: there will be a checkpoint soon. */
  request(): void {
    if (this.#due || this.#stopped) return;
    this.#due = setTimeout(() => this.#checkpoint(), interval).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#due);
    await this.#worker?.terminate();
  }

  #checkpoint(): void {
    this.#due = undefined;
    this.#worker ??= this.#start();
    this.#worker.postMessage("checkpoint");
  }

  #start(): Worker {
    const worker = new Worker(workerProgram, {
      eval: true,
      name: "coatcheck checkpoints",
      workerData: this.#path,
      // Not the application's loaders and flags. Node has said on the main thread already that SQLite is new.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    worker.on("error", (error) => {
      this.#stopped = true;
      this.#onFailure(error as Error);
    });
    worker.unref();
    return worker;
  }
}
