/** A child process that serves one row of the table. */
import { answer, cpuMicroseconds } from "./child.ts";
import { sessionsIn, signInEverybody } from "./population.ts";
import { frameworks, type Route } from "./routes.ts";
import { type Place, stores } from "./stores.ts";

export interface Address {
  readonly port: number;
  /** A Cookie header for each session. */
  readonly cookies: readonly string[];
}

export type ServerQuestion = "address" | "processor time";

const [route, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [Route, Place];
const { framework, way, store } = route;

const opened = await stores[store].open(place);
const sessions = sessionsIn(opened.store);
const cookies = await signInEverybody(sessions, ({ token }) => `__Host-session=${token.reveal()}`);
const port = await frameworks[framework].serve(way, sessions);

answer<ServerQuestion>(async (question) => (question === "address" ? { port, cookies } : cpuMicroseconds()));
