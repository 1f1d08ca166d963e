/** Threads of our own for passwords: those of Node's pool are for files and names, and have one priority. */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashingResult, HashingTask } from "./hashing-thread.ts";

const ownProgram = new URL(`hashing-thread${extname(import.meta.filename)}`, import.meta.url);

/** As many threads as there are tasks at once: the caller bounds them. They keep the process alive while they compute. */
export class HashingThreads {
  readonly #program: URL;
  readonly #idle = new Set<Worker>();

  constructor(program: URL = ownProgram) {
    this.#program = program;
  }

  /** @throws Error if the task cannot be done, or its thread ended. */
  async run(task: HashingTask): Promise<string | boolean> {
    const thread = this.#take();
    const result = await answerOf(thread, task);
    this.#idle.add(thread);
    if ("failed" in result) throw new Error(result.failed);
    return result.value;
  }

  #take(): Worker {
    const [idle] = this.#idle;
    if (!idle) return this.#start();
    this.#idle.delete(idle);
    return idle;
  }

  #start(): Worker {
    const thread = new Worker(this.#program, { name: "passwords", execArgv: [] });
    // An error ends the thread, and whoever waits for it hears that.
    return thread.on("error", () => {}).on("exit", () => this.#idle.delete(thread));
  }
}

function answerOf(thread: Worker, task: HashingTask): Promise<HashingResult> {
  return new Promise((resolve, reject) => {
    const settle = () => thread.off("message", answered).off("error", failed).off("exit", ended).unref();
    const answered = (result: HashingResult) => {
      settle();
      resolve(result);
    };
    const failed = (error: unknown) => {
      settle();
      reject(error);
    };
    const ended = () => failed(new Error("The thread that hashes passwords ended"));
    thread.on("message", answered).on("error", failed).on("exit", ended).ref();
    thread.postMessage(task);
  });
}
