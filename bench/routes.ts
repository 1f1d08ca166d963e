/** The servers that are compared. A new framework is a new `Framework`; a new store or way is a new row. */
import type { SessionManager } from "coatcheck";
import type { DatabaseName } from "./databases.ts";
import { express } from "./frameworks/express.ts";
import { fastify } from "./frameworks/fastify.ts";
import { hono } from "./frameworks/hono.ts";
import { type StoreName, stores } from "./stores.ts";

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

export interface Framework {
  /** Serves `GET /` in this way on a free port of the loopback interface, and gives the port. */
  serve(way: Way, sessions: SessionManager): Promise<number>;
}

export type FrameworkName = "hono" | "express" | "fastify";

export const frameworks: Readonly<Record<FrameworkName, Framework>> = { hono, express, fastify };

export interface Route {
  readonly framework: FrameworkName;
  readonly way: Way;
  /** Where the sessions are; it makes no difference to `bare` and `empty`. */
  readonly store: StoreName;
  /** The least share of the bare route's throughput that this may have. */
  readonly atLeast?: number;
}

export const routes: readonly Route[] = [
  { framework: "hono", way: "bare", store: "memory" },
  { framework: "hono", way: "empty", store: "memory" },
  { framework: "hono", way: "ignored", store: "memory" },
  { framework: "hono", way: "guarded", store: "memory", atLeast: 0.85 },
  { framework: "hono", way: "guarded", store: "sqlite", atLeast: 0.5 },
  { framework: "hono", way: "guarded", store: "redis" },
  { framework: "hono", way: "guarded", store: "postgres" },
  { framework: "hono", way: "guarded", store: "sqlite-cached" },
  { framework: "hono", way: "guarded", store: "redis-cached" },
  { framework: "hono", way: "guarded", store: "postgres-cached" },
  { framework: "express", way: "bare", store: "memory" },
  { framework: "express", way: "guarded", store: "memory" },
  { framework: "express", way: "guarded", store: "sqlite" },
  { framework: "express", way: "guarded", store: "redis" },
  { framework: "express", way: "guarded", store: "postgres" },
  { framework: "express", way: "guarded", store: "sqlite-cached" },
  { framework: "express", way: "guarded", store: "redis-cached" },
  { framework: "express", way: "guarded", store: "postgres-cached" },
  { framework: "fastify", way: "bare", store: "memory" },
  { framework: "fastify", way: "guarded", store: "memory" },
  { framework: "fastify", way: "guarded", store: "sqlite" },
  { framework: "fastify", way: "guarded", store: "redis" },
  { framework: "fastify", way: "guarded", store: "postgres" },
  { framework: "fastify", way: "guarded", store: "sqlite-cached" },
  { framework: "fastify", way: "guarded", store: "redis-cached" },
  { framework: "fastify", way: "guarded", store: "postgres-cached" },
];

export function titleOf({ way, store }: Route): string {
  if (way === "bare") return "bare";
  if (way === "empty") return "an empty middleware";
  if (way === "ignored") return "coatcheck, session ignored";
  return `requireSession(), ${stores[store].title}`;
}

/** The server that its store asks. */
export function databaseOf({ way, store }: Route): DatabaseName | undefined {
  return way === "guarded" ? stores[store].database : undefined;
}

/** On a database, which has the other core, and is asked for each request. */
export function waits(route: Route): boolean {
  return databaseOf(route) !== undefined && !stores[route.store].cached;
}
