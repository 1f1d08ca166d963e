/** The race's side of a node: a child process that is asked many things at once, and may be paused or killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Ability, EndListener, RaceSettings } from "./node.ts";
import { raceTime } from "./node.ts";
import type { FromNode, Question, ToNode } from "./serve-node.ts";

/** How a node is started. */
export interface NodeProgram {
  /** A file that Node runs, and that calls `serveRaceNode`. */
  readonly program: string;
  readonly args?: readonly string[];
}

/** What became of a question. Without an end nobody answered: the node died. */
export interface Reply {
  readonly start: number;
  readonly end?: number;
  readonly answer?: unknown;
  readonly failed?: string;
}

interface Asked {
  readonly start: number;
  readonly stillValid: () => boolean;
  readonly settle: (reply: Reply) => void;
}

/** A node that is there and silent for so long hangs, in milliseconds. */
const patience = 60_000;

export class NodeProcess {
  readonly name: string;
  readonly #program: NodeProgram;
  readonly #settings: RaceSettings;
  readonly #asked = new Map<number, Asked>();
  #child!: ChildProcess;
  #numbers = 0;
  #paused = false;
  #abilities: ReadonlySet<Ability> = new Set();
  #told: (session: string, type: string, at: number) => void = () => {};

  private constructor(name: string, program: NodeProgram, settings: RaceSettings) {
    this.name = name;
    this.#program = program;
    this.#settings = settings;
  }

  /** Resolves when the node can be asked. */
  static async start(name: string, program: NodeProgram, settings: RaceSettings): Promise<NodeProcess> {
    const node = new NodeProcess(name, program, settings);
    await node.start();
    return node;
  }

  async start(): Promise<void> {
    const { program, args = [] } = this.#program;
    const child = fork(program, args, {
      env: { ...process.env, COATCHECK_RACE: JSON.stringify(this.#settings) },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: ["--no-warnings"],
    });
    this.#child = child;
    child.on("message", (message: FromNode) => this.#receive(message));
    child.on("exit", () => this.#leaveUnanswered());
    const ready = new AbortController();
    const { signal } = ready;
    try {
      await Promise.race([once(child, "message", { signal }), this.#failure(child, signal)]);
    } finally {
      ready.abort();
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it is worth asking: it runs, and nobody has paused it. */
  get isServing(): boolean {
    return this.isRunning && !this.#paused;
  }

  can(ability: Ability): boolean {
    return this.#abilities.has(ability);
  }

  /** Who is told of the ends of sessions from now on. */
  onEnd(listener: (...of: [...Parameters<EndListener>, at: number]) => void): void {
    this.#told = listener;
  }

  /**
   * Never rejects.
   * @param stillValid asked by sign-ins and returns that are under way.
   */
  ask(question: Question, stillValid: () => boolean = () => true): Promise<Reply> {
    const start = raceTime();
    if (!this.isRunning) return Promise.resolve({ start, end: start, failed: "the node is down" });
    const number = ++this.#numbers;
    return new Promise((resolve, reject) => {
      const hangs = setTimeout(() => {
        reject(new Error(`${this.name} has not answered "${question.do}" within ${patience / 1000} s`));
      }, patience);
      const settle = (reply: Reply) => {
        clearTimeout(hangs);
        this.#asked.delete(number);
        resolve(reply);
      };
      this.#asked.set(number, { start, stillValid, settle });
      this.#send({ number, question });
    });
  }

  /** Stops it where it is: what it is asked meanwhile it answers after `resume`. */
  pause(): void {
    this.#paused = true;
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
    this.#paused = false;
  }

  /** Ends the process at once, whatever it is doing. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #send(message: ToNode): void {
    // A node that dies at this moment leaves the question unanswered.
    this.#child.send(message, () => {});
  }

  #receive(message: FromNode): void {
    if ("abilities" in message) this.#abilities = new Set(message.abilities);
    else if ("ended" in message) this.#told(message.ended, message.type, message.at);
    else if ("stillValid" in message) {
      const { number } = message;
      const valid = this.#asked.get(number)?.stillValid() ?? false;
      this.#send({ number, stillValid: valid });
    } else {
      const { number, ...reply } = message;
      this.#asked.get(number)?.settle(reply);
    }
  }

  #leaveUnanswered(): void {
    for (const { start, settle } of [...this.#asked.values()]) settle({ start });
  }

  async #failure(child: ChildProcess, signal: AbortSignal): Promise<never> {
    await once(child, "exit", { signal });
    throw new Error(`${this.name} ended before it was ready: ${this.#program.program}`);
  }
}
