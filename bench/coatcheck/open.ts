/** Our sessions before a route, or nothing: a row of the table. */
import { join } from "node:path";
import type { SessionStore } from "coatcheck";
import type { Opened } from "../application.ts";
import { bytesOfFile, bytesOfRedis, bytesOfSchema } from "../at-rest.ts";
import {
  type CallCounter,
  callsOfMethods,
  callsOfPostgres,
  callsOfRedis,
  callsOfSqlite,
} from "../call-counter.ts";
import type { DatabaseName } from "../databases.ts";
import { serveExpress } from "../frameworks/express.ts";
import { serveFastify } from "../frameworks/fastify.ts";
import { serveHono } from "../frameworks/hono.ts";
import { sessionsIn } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import { type Place, type StoreName, stores } from "../stores.ts";
import * as express from "./express.ts";
import * as fastify from "./fastify.ts";
import * as hono from "./hono.ts";

/** What stands before the route. */
export type Way =
  /** Nothing. */
  | "bare"
  /** One middleware that does nothing: what the framework itself charges for having any. */
  | "empty"
  /** Coatcheck's middleware; the route does not ask for its session. */
  | "ignored"
  /** Coatcheck's middleware and `requireSession()`. */
  | "guarded";

export interface Ours {
  readonly way: Way;
  /** Where the sessions are; it makes no difference to `bare` and `empty`. */
  readonly store: StoreName;
}

export async function open(
  framework: FrameworkName,
  { way, store: name }: Ours,
  place: Place,
): Promise<Opened> {
  const { store } = await stores[name].open(place);
  const sessions = sessionsIn(store);
  const serves = {
    express: () => serveExpress(express.ways[way](sessions)),
    fastify: () => serveFastify(fastify.ways[way](sessions)),
    hono: () => serveHono(hono.ways[way](sessions)),
  };
  return { serve: serves[framework], ...watched(name, store, place) };
}

function watched(name: StoreName, store: SessionStore, place: Place): WatchedStore {
  const kind = stores[name].database ?? (name === "memory" ? "memory" : "sqlite");
  return watchedStores[kind](place, store);
}

type WatchedStore = Pick<Opened, "size"> & { readonly calls: CallCounter };

const reading = ["recent", "find", "findByUser"];
const writing = ["insert", "update", "delete", "deleteByUser"];

const watchedStores: Record<
  DatabaseName | "memory" | "sqlite",
  (place: Place, store: SessionStore) => WatchedStore
> = {
  memory: (_place, store) => ({ calls: callsOfMethods(store, reading, writing) }),
  sqlite: ({ folder }) => ({ calls: callsOfSqlite(), size: () => bytesOfFile(join(folder, "sessions.db")) }),
  redis: ({ databases }) => ({
    calls: callsOfRedis(databases.redis!),
    size: () => bytesOfRedis(databases.redis!),
  }),
  postgres: ({ name, databases }) => ({
    calls: callsOfPostgres(),
    size: () => bytesOfSchema(databases.postgres!, name),
  }),
};
