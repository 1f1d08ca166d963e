/** The real program in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { generateKey } from "coatcheck";
import { type RunningProgram, startProgram } from "../../../../test/servers/program.ts";
import { Visitor } from "./visitor.ts";

export const program: string = join(import.meta.dirname, "../../src/main.ts");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Settings = Readonly<Record<string, string>>;

/** Servers without a file to keep keys beside are given the same ones. */
const COATCHECK_SECRET = generateKey();

/** The environment of the program: what it needs beside a database that is not SQLite's is given. */
function environment(settings: Settings): Settings {
  const isGiven = settings.COATCHECK_DATABASE?.startsWith("postgres") ?? false;
  return { ...(isGiven && { COATCHECK_SECRET }), ...settings };
}

/** Runs it to its end, with `input` on its stdin. */
export async function coatcheckServer(
  args: readonly string[],
  settings: Settings = {},
  input = "",
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    // Older releases of Node warn of what they call experimental.
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...environment(settings) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  // It may end without reading.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

/** A server process that runs. */
export interface Node extends RunningProgram {
  readonly origin: string;
  /** A browser; with the cookie of `other`, where one is given. */
  visitor(other?: Visitor): Visitor;
}

export async function startNode(settings: Settings): Promise<Node> {
  const running = await startProgram(({ port }) => ({
    command: process.execPath,
    args: [program],
    env: { ...environment(settings), PORT: `${port}` },
  }));
  const origin = `http://localhost:${running.port}`;
  const visitor = (other?: Visitor) => {
    const visitor = new Visitor(origin);
    visitor.cookie = other?.cookie;
    return visitor;
  };
  return Object.assign(running, { origin, visitor });
}
