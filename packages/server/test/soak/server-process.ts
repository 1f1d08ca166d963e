/** The server as it is started, in a process of its own that can be asked what it holds. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { program, type Settings } from "../support/command-line.ts";
import type { Holdings } from "./probe.ts";

const probe = join(import.meta.dirname, "probe.ts");

/** Lines that say that something went as nobody meant it. */
const complaint = /"level":(?:40|50|60)/;
/** Events of sessions, and refusals for lack of room or of time: how often those came, the answers tell. */
const meant = /"event":"session-|"event":"request".*"status":503|No answer within \d+ ms/;

export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** What it has complained of, as far as anybody needs to read. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  /** Returns when it has introduced itself. */
  static async start(port: number, settings: Settings): Promise<ServerProcess> {
    const child = fork(program, {
      execArgv: ["--expose-gc", "--no-warnings", "--import", probe],
      env: { ...process.env, ...settings, PORT: `${port}` },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    // A soak that ends before its time takes its server along.
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    const server = new ServerProcess(port, child);
    createInterface(child.stderr!).on("line", (line) => server.#read(line));
    const introduced = createInterface(child.stdout!);
    for await (const line of introduced) if (line.includes("Address")) break;
    child.stdout!.resume();
    return server;
  }

  /** After garbage was collected. */
  async holdings(): Promise<Holdings> {
    this.#child.send("holdings");
    const [answer] = await once(this.#child, "message");
    return answer;
  }

  /** Tells it to stop. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code] = await ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #read(line: string): void {
    if (!complaint.test(line) || meant.test(line) || this.complaints.length >= 20) return;
    this.complaints.push(line.slice(0, 2_000));
  }
}
