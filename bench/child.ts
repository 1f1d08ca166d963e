/** Child processes that answer one question at a time, over Node's own channel. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Core, on } from "./machine.ts";

/** A child that takes longer hangs. */
const patience = 300_000;

/** The asking side. */
export class Child<Question extends object | string, Answer> {
  readonly #process: ChildProcess;

  /**
   * @param file the program, beside this file.
   * @param args what it is told, each as JSON.
   */
  constructor(file: string, core: Core, args: readonly unknown[] = []) {
    const [program, ...options] = on(core, [process.execPath, "--expose-gc", "--no-warnings"]);
    this.#process = fork(
      join(import.meta.dirname, file),
      args.map((each) => JSON.stringify(each)),
      {
        execPath: program!,
        execArgv: options,
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
  }

  async ask<A extends Answer>(question: Question): Promise<A> {
    const answered = new AbortController();
    const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(patience)]);
    try {
      this.#process.send(question);
      const [answer] = await Promise.race([once(this.#process, "message", { signal }), this.#end(signal)]);
      return answer;
    } finally {
      answered.abort();
    }
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  async #end(signal: AbortSignal): Promise<never> {
    await once(this.#process, "exit", { signal });
    throw new Error("A child process ended before it had answered");
  }
}

/** The answering side. The process ends with the one that asks. */
export function answer<Question>(reply: (question: Question) => Promise<unknown>): void {
  process.on("message", async (question) => process.send!(await reply(question as Question)));
  process.on("disconnect", () => process.exit());
}

/** The processor time of this process so far, its garbage collection included, in microseconds. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
