/** A child process that serves a guarded route from a cache, and is told of what happens elsewhere. */
import { setTimeout as delay } from "node:timers/promises";
import { SessionManager } from "coatcheck";
import type { CachedSessionStore } from "coatcheck/cached";
import { coatcheck, requireSession, sessionOf } from "coatcheck/fastify";
import fastify from "fastify";
import { answer } from "./child.ts";
import { browserOf, type Sent } from "./even-load.ts";
import { signIn, userId } from "./population.ts";
import { type Place, type StoreName, stores } from "./stores.ts";

export type ToldNodeQuestion = "address" | "until the cache is on";

export interface ToldNodeAddress {
  readonly port: number;
  /** The headers of people who stay. */
  readonly browsers: readonly Sent["headers"][];
}

const [store, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [StoreName, Place];
const people = 200;

const cache = (await stores[store].open(place)).store as CachedSessionStore;
const sessions = new SessionManager({ store: cache });
const browsers: Sent["headers"][] = [];
for (let number = 0; number < people; number++) {
  const { token } = await sessions.create(userId(number), signIn(number));
  browsers.push(browserOf(number, token));
}
const app = fastify();
await app.register(coatcheck(sessions));
app.get("/", { preHandler: requireSession() }, async (request) => ({ userId: sessionOf(request).userId }));
const port = Number(new URL(await app.listen({ port: 0, host: "127.0.0.1" })).port);

answer<ToldNodeQuestion>(async (question) => {
  if (question === "address") return { port, browsers } satisfies ToldNodeAddress;
  while (!cache.isOn) await delay(10);
  return true;
});
