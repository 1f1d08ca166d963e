/** A child process that serves one row of the table. */
import { mkdirSync } from "node:fs";
import { SessionManager } from "coatcheck";
import { answer, cpuMicroseconds } from "./child.ts";
import { signInEverybody } from "./population.ts";
import { frameworks, routes } from "./routes.ts";
import { stores } from "./stores.ts";

export interface Address {
  readonly port: number;
  /** A Cookie header for each session. */
  readonly cookies: readonly string[];
}

export type ServerQuestion = "address" | "processor time";

const [row, folder] = process.argv.slice(2) as [string, string];
const { framework, way, store } = routes[Number(row)]!;

mkdirSync(folder, { recursive: true });
const sessions = new SessionManager({ store: stores[store].open(folder) });
const cookies = await signInEverybody(sessions, ({ token }) => `__Host-session=${token.reveal()}`);
const port = await frameworks[framework].serve(way, sessions);

answer<ServerQuestion>(async (question) => (question === "address" ? { port, cookies } : cpuMicroseconds()));
