/** Starts a program that serves on a port of its own, for as long as a test needs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Where a program may live: nothing else uses this port or this folder. */
export interface Place {
  readonly port: number;
  readonly folder: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Who runs it, for programs that refuse root. Default: who runs the tests. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** What it takes for the order to end at once, its clients served or not. Default SIGTERM. */
  readonly endsBy?: NodeJS.Signals;
}

export interface RunningProgram extends AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  /** The process itself, for tests that kill or pause it. */
  readonly process: ChildProcess;
  /** Everything that it has printed. */
  output(): string;
  /** Ends the process; its folder stays. */
  stop(): Promise<void>;
  /** Starts it again in its place after it ended, and returns when its port answers. */
  start(): Promise<void>;
}

/** A test file that ends before its time takes along what it started. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Long enough for a database to create its files on a busy machine. */
const patience = 60_000;

/**
 * Starts what `command` says for a place made for it, and returns when the port answers. Stopped when disposed:
 * `await using server = await startProgram(({ port }) => …)`.
 */
export async function startProgram(command: (place: Place) => Command): Promise<RunningProgram> {
  const place = { port: await freePort(), folder: await mkdtemp(join(tmpdir(), "coatcheck-test-")) };
  const printed: string[] = [];
  const first = command(place);
  const signal = first.endsBy ?? "SIGTERM";
  let child = launch(first, printed);
  const program: RunningProgram = {
    ...place,
    get process() {
      return child;
    },
    output: () => printed.join(""),
    stop: () => stop(child, signal),
    start: () => {
      child = launch(command(place), printed);
      return answers(program);
    },
    [Symbol.asyncDispose]: async () => {
      await stop(child, signal);
      await rm(place.folder, { recursive: true, force: true });
    },
  };
  try {
    await answers(program);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return program;
}

function launch({ command, args, env, cwd, user }: Command, printed: string[]): ChildProcess {
  const child = spawn(command, args, {
    cwd,
    ...user,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => printed.push(String(chunk)));
  return child;
}

async function answers(program: RunningProgram): Promise<void> {
  const { process: child, port } = program;
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(20)) {
    if (failure) throw failure;
    if (hasEnded(child)) throw new Error(`It ended before it answered. It printed:\n${program.output()}`);
    if (await accepts(port)) return;
  }
  throw new Error(
    `It did not answer on port ${port} within ${patience / 1000} s. It printed:\n${program.output()}`,
  );
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Asks politely first. */
async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const insist = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(insist);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/**
 * A port that nothing listens on at this moment. Of those that systems do not hand out by themselves (Linux from 32768 on): by
 * the time when a program listens, somebody who connects, or listens on any, could have been given it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(11_000, 32_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
