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
 * and RESTART, which does keep writers out, is left with the rest. While many write that is 100 to 200 ms, in which a
 * writer of this process would hold up its whole event loop: so it asks them to wait outside.
 */
const workerProgram = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { DatabaseSync } = require("node:sqlite");
  const db = new DatabaseSync(workerData);
  const passive = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  const restart = db.prepare("PRAGMA wal_checkpoint(RESTART)");
  const done = () => parentPort.postMessage("done");
  const deeds = {
    checkpoint() {
      if (passive.get().log <= ${longLog}) return done();
      passive.get();
      passive.get();
      parentPort.postMessage("hold");
    },
    restart() {
      restart.get();
      done();
    },
  };
  parentPort.on("message", (deed) => {
    try {
      deeds[deed]();
    } catch ({ message }) {
      parentPort.postMessage({ message });
    }
  });
`;

/** What the thread says: it waits for writers to wait, it is done, or this checkpoint failed. */
type Report = "hold" | "done" | { readonly message: string };

/** Is told that a checkpoint failed, or that there are no more. */
export type CheckpointFailure = (why: string, lasting: "this time" | "for good") => void;

/** A thread that checkpoints a database while, and only while, there are writes. Does not keep the process alive. */
export class Checkpointer {
  readonly #path: string;
  readonly #patience: number;
  readonly #onFailure: CheckpointFailure;
  /** Whether the last checkpoint failed. */
  #isFailing = false;
  #worker: Worker | undefined;
  #due: NodeJS.Timeout | undefined;
  #isBusy = false;
  #hold: Hold | undefined;
  #stopped = false;

  /**
   * @param patience how long a writer waits while the log is started anew, in milliseconds.
   * @param onFailure is told of the first of several checkpoints that failed, and once that there is no thread any more.
   */
  constructor(path: string, patience: number, onFailure: CheckpointFailure) {
    this.#path = path;
    this.#patience = patience;
    this.#onFailure = onFailure;
  }

  /** While the log is started anew: resolves when it is. To be awaited before a transaction that writes. */
  get hold(): Promise<void> | undefined {
    return this.#hold?.over;
  }

  /** Something was written, or could not be: there will be a checkpoint soon. */
  request(): void {
    if (this.#due || this.#stopped) return;
    this.#due = setTimeout(() => this.#checkpoint(), interval).unref();
  }

  /** Whoever waits goes on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#due);
    this.#release();
    await this.#worker?.terminate();
  }

  #checkpoint(): void {
    this.#due = undefined;
    this.#worker ??= this.#start();
    if (this.#isBusy) this.request();
    else this.#worker.postMessage("checkpoint");
    this.#isBusy = true;
  }

  #start(): Worker {
    const worker = new Worker(workerProgram, {
      eval: true,
      name: "coatcheck checkpoints",
      workerData: this.#path,
      // Not the application's loaders and flags. Node has said on the main thread already that SQLite is new.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    worker.on("message", (report: Report) => {
      if (report === "hold") this.#holdFor(worker);
      else if (report === "done") this.#succeeded();
      else this.#failed(report.message);
    });
    worker.on("error", ({ message }: Error) => {
      this.#stopped = true;
      this.#onFailure(message, "for good");
      this.#release();
    });
    worker.unref();
    return worker;
  }

  #succeeded(): void {
    this.#isFailing = false;
    this.#release();
  }

  /** A full disk may have room again, so the next write asks for the next one. */
  #failed(message: string): void {
    if (!this.#isFailing && !this.#stopped) this.#onFailure(message, "this time");
    this.#isFailing = true;
    this.#release();
  }

  #holdFor(worker: Worker): void {
    if (this.#stopped) return;
    this.#hold = new Hold(this.#patience);
    // Whoever waits wants to go on.
    worker.ref();
    worker.postMessage("restart");
  }

  #release(): void {
    this.#isBusy = false;
    this.#worker?.unref();
    this.#hold?.end();
    this.#hold = undefined;
  }
}

/** Keeps writers waiting, but not for ever: what was answered with an outage must not come into being afterwards. */
class Hold {
  readonly #ended = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  readonly over: Promise<void> = this.#ended.promise;

  constructor(patience: number) {
    // Perhaps nobody waits.
    this.over.catch(() => {});
    const tooLong = () => this.#ended.reject(new Error("SQLite took too long to start its log anew"));
    this.#timer = setTimeout(tooLong, patience).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.resolve();
  }
}
