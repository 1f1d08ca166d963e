/** The servers that are compared. A row of ours is a way and a store; one of a peer, a file of `peers/` and what it is told. */
import type { KeepingName } from "./by-hand/keeping.ts";
import type { ByHand } from "./by-hand/open.ts";
import type { Ours, Way } from "./coatcheck/open.ts";
import type { DatabaseName } from "./databases.ts";
import { type StoreName, stores } from "./stores.ts";

export type FrameworkName = "hono" | "express" | "fastify";

export const frameworkNames: readonly FrameworkName[] = ["hono", "express", "fastify"];

export interface Route {
  readonly framework: FrameworkName;
  readonly title: string;
  /** The program whose `open` opens it, from this folder. */
  readonly file: string;
  /** What it is told. */
  readonly options: object;
  /** The server that its store asks. */
  readonly database?: DatabaseName | undefined;
  /** How many people sign in, if not as many as everywhere. */
  readonly people?: number;
  readonly budget?: Budget;
}

/** What we want to keep, or to be ahead. */
export interface Budget {
  /** The least share of the bare route. */
  readonly atLeast?: number | undefined;
  /** The most processor time that it may add, in microseconds. */
  readonly addsAtMost?: number | undefined;
  /** Of a peer: how many times its share a row of ours has at least. */
  readonly ours?: { readonly title: string; readonly times: number };
}

const titles = {
  bare: "bare",
  empty: "an empty middleware",
  ignored: "coatcheck, session ignored",
} as const;

function ours(framework: FrameworkName, way: Way, store: StoreName = "memory", budget: Budget = {}): Route {
  return {
    framework,
    title: way === "guarded" ? guardedBy(store) : titles[way],
    file: "coatcheck/open.ts",
    options: { way, store } satisfies Ours,
    database: stores[store].database,
    budget,
  };
}

function guardedBy(store: StoreName): string {
  return `requireSession(), ${stores[store].title}`;
}

const guarded = (framework: FrameworkName, store: StoreName, atLeast?: number) =>
  ours(framework, "guarded", store, { atLeast });

/** In memory, and from the cache: nothing is waited for. */
const atHand = (framework: FrameworkName, addsAtMost: number, atLeast?: number) =>
  (["memory", "sqlite-cached", "redis-cached", "postgres-cached"] as const).map((store) =>
    ours(framework, "guarded", store, { atLeast, addsAtMost }),
  );

const keepingTitles: Readonly<Record<KeepingName, string>> = {
  map: "a Map",
  redis: "Redis, one MGET a turn",
  postgres: "PostgreSQL, one statement a turn",
};

function byHandTitle(keeping: KeepingName): string {
  return `a guard by hand, ${keepingTitles[keeping]}`;
}

function byHand(framework: FrameworkName, keeping: KeepingName): Route {
  const database = keeping === "map" ? undefined : keeping;
  return {
    framework,
    title: byHandTitle(keeping),
    file: "by-hand/open.ts",
    options: { keeping } satisfies ByHand,
    database,
  };
}

function peer(
  framework: FrameworkName,
  title: string,
  file: string,
  like: StoreName,
  times: number,
  options: object = {},
  others: Pick<Route, "database" | "people"> = {},
): Route {
  const budget = { ours: { title: guardedBy(like), times } };
  return { framework, title, file: `peers/${file}.ts`, options, budget, ...others };
}

/** Where sessions are in Redis. */
const inRedis = { database: "redis" } as const;

/** Signing in takes it milliseconds. */
const slowToSignIn = { people: 2_000 } as const;

export const routes: readonly Route[] = [
  ours("hono", "empty"),
  ours("hono", "ignored"),
  byHand("hono", "map"),
  ...atHand("hono", 8),
  guarded("hono", "sqlite"),
  guarded("hono", "redis"),
  guarded("hono", "postgres"),
  ours("express", "empty"),
  ours("express", "ignored"),
  byHand("express", "map"),
  ...atHand("express", 7),
  guarded("express", "sqlite"),
  guarded("express", "redis"),
  guarded("express", "postgres"),
  ours("fastify", "empty"),
  ours("fastify", "ignored"),
  byHand("fastify", "map"),
  byHand("fastify", "redis"),
  byHand("fastify", "postgres"),
  ...atHand("fastify", 5, 0.85),
  guarded("fastify", "sqlite", 0.5),
  guarded("fastify", "redis", 0.7),
  guarded("fastify", "postgres", 0.6),
];

const honoSessions = (title: string, options: object) =>
  peer("hono", `hono-sessions, ${title}`, "hono-sessions", "memory", 1.5, options);

const expressSession = (title: string, options: object) =>
  peer("express", `express-session, ${title}`, "express-session", "redis", 1.5, options, inRedis);

const fastifySession = (title: string, options: object) =>
  peer("fastify", `@fastify/session, ${title}`, "fastify-session", "redis", 1.5, options, inRedis);

const betterAuth = (framework: FrameworkName) => [
  peer(framework, "better-auth, SQLite", "better-auth", "sqlite", 10, { cookieCache: false }, slowToSignIn),
  peer(
    framework,
    "better-auth, SQLite, cookieCache",
    "better-auth",
    "sqlite-cached",
    10,
    { cookieCache: true },
    slowToSignIn,
  ),
];

/** Those of `bench/peers/`, measured in a full run. What keeps sessions in a cookie is compared with a cached store. */
export const peers: readonly Route[] = [
  peer("hono", "hono/jwt", "hono-jwt", "redis-cached", 1),
  honoSessions("memory", { encrypted: false }),
  honoSessions("memory, encryptionKey", { encrypted: true }),
  ...betterAuth("hono"),
  peer("express", "express-session, memory", "express-session", "memory", 1.5, { store: "memory" }),
  expressSession("connect-redis", { store: "redis" }),
  expressSession("connect-redis, disableTouch", { store: "redis", disableTouch: true }),
  peer("express", "iron-session", "iron-session", "redis-cached", 1),
  peer("fastify", "@fastify/session, memory", "fastify-session", "memory", 1.5, { store: "memory" }),
  peer("fastify", "@fastify/session, memory, rolling: false", "fastify-session", "memory", 1.5, {
    store: "memory",
    rolling: false,
  }),
  fastifySession("connect-redis", { store: "redis" }),
  fastifySession("connect-redis, rolling: false", { store: "redis", rolling: false }),
  peer("fastify", "@fastify/secure-session", "fastify-secure-session", "redis-cached", 1),
  peer("fastify", "@fastify/jwt", "fastify-jwt", "redis-cached", 1),
  peer("fastify", "iron-session", "iron-session", "redis-cached", 1),
  ...betterAuth("fastify"),
];

/** The guard by hand that keeps sessions as this row of ours does; undefined for a file, and for what is no row of ours. */
export function byHandLike(title: string): string | undefined {
  const name = (Object.keys(stores) as StoreName[]).find((store) => guardedBy(store) === title);
  if (name === undefined || name === "sqlite") return undefined;
  const { database, cached } = stores[name];
  return byHandTitle(database === undefined || cached ? "map" : database);
}

/** What each row of a framework is compared with. */
export function bareRoute(framework: FrameworkName): Route {
  return ours(framework, "bare");
}

export function isBare({ title }: Pick<Route, "title">): boolean {
  return title === titles.bare;
}

/** Whether it asks for a session at all. */
export function isGuarded({ title }: Pick<Route, "title">): boolean {
  return !(Object.values(titles) as string[]).includes(title);
}
