/** The servers that are compared. A row of ours is a way and a store; one of a peer, a file of `peers/` and what it is told. */
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
  /** Whether it asks a server for each request, and so is not busy all the time. */
  readonly waits?: boolean;
  /** How many people sign in, if not as many as everywhere. */
  readonly people?: number;
  /** The least share of the bare route's throughput that this may have. */
  readonly atLeast?: number | undefined;
}

const titles = {
  bare: "bare",
  empty: "an empty middleware",
  ignored: "coatcheck, session ignored",
} as const;

function ours(framework: FrameworkName, way: Way, store: StoreName = "memory", atLeast?: number): Route {
  const { database, cached, title } = stores[store];
  return {
    framework,
    title: way === "guarded" ? `requireSession(), ${title}` : titles[way],
    file: "coatcheck/open.ts",
    options: { way, store } satisfies Ours,
    database,
    waits: database !== undefined && !cached,
    atLeast,
  };
}

const guarded = (framework: FrameworkName, store: StoreName, atLeast?: number) =>
  ours(framework, "guarded", store, atLeast);

function peer(
  framework: FrameworkName,
  title: string,
  file: string,
  options: object = {},
  others: Pick<Route, "database" | "waits" | "people"> = {},
): Route {
  return { framework, title, file: `peers/${file}.ts`, options, ...others };
}

/** Where sessions are in Redis. */
const inRedis = { database: "redis", waits: true } as const;

/** Signing in takes it milliseconds. */
const slowToSignIn = { people: 2_000 } as const;

export const routes: readonly Route[] = [
  ours("hono", "empty"),
  ours("hono", "ignored"),
  guarded("hono", "memory", 0.85),
  guarded("hono", "sqlite", 0.5),
  guarded("hono", "redis"),
  guarded("hono", "postgres"),
  guarded("hono", "sqlite-cached"),
  guarded("hono", "redis-cached"),
  guarded("hono", "postgres-cached"),
  ours("express", "empty"),
  ours("express", "ignored"),
  guarded("express", "memory"),
  guarded("express", "sqlite"),
  guarded("express", "redis"),
  guarded("express", "postgres"),
  guarded("express", "sqlite-cached"),
  guarded("express", "redis-cached"),
  guarded("express", "postgres-cached"),
  ours("fastify", "empty"),
  ours("fastify", "ignored"),
  guarded("fastify", "memory", 0.85),
  guarded("fastify", "sqlite", 0.5),
  guarded("fastify", "redis", 0.7),
  guarded("fastify", "postgres", 0.6),
  guarded("fastify", "sqlite-cached", 0.85),
  guarded("fastify", "redis-cached", 0.85),
  guarded("fastify", "postgres-cached", 0.85),
];

/** Those of `bench/peers/`, which are installed for `--full` only. */
export const peers: readonly Route[] = [
  peer("hono", "hono/jwt", "hono-jwt"),
  peer("hono", "hono-sessions, memory", "hono-sessions", { encrypted: false }),
  peer("hono", "hono-sessions, memory, encryptionKey", "hono-sessions", { encrypted: true }),
  peer("hono", "better-auth, SQLite", "better-auth", { cookieCache: false }, slowToSignIn),
  peer("hono", "better-auth, SQLite, cookieCache", "better-auth", { cookieCache: true }, slowToSignIn),
  peer("express", "express-session, memory", "express-session", { store: "memory" }),
  peer("express", "express-session, connect-redis", "express-session", { store: "redis" }, inRedis),
  peer(
    "express",
    "express-session, connect-redis, disableTouch",
    "express-session",
    { store: "redis", disableTouch: true },
    inRedis,
  ),
  peer("express", "iron-session", "iron-session"),
  peer("fastify", "@fastify/session, memory", "fastify-session", { store: "memory" }),
  peer("fastify", "@fastify/session, memory, rolling: false", "fastify-session", {
    store: "memory",
    rolling: false,
  }),
  peer("fastify", "@fastify/session, connect-redis", "fastify-session", { store: "redis" }, inRedis),
  peer(
    "fastify",
    "@fastify/session, connect-redis, rolling: false",
    "fastify-session",
    { store: "redis", rolling: false },
    inRedis,
  ),
  peer("fastify", "@fastify/secure-session", "fastify-secure-session"),
  peer("fastify", "@fastify/jwt", "fastify-jwt"),
  peer("fastify", "iron-session", "iron-session"),
  peer("fastify", "better-auth, SQLite", "better-auth", { cookieCache: false }, slowToSignIn),
  peer("fastify", "better-auth, SQLite, cookieCache", "better-auth", { cookieCache: true }, slowToSignIn),
];

/** What each row of a framework is compared with. */
export function bareRoute(framework: FrameworkName): Route {
  return ours(framework, "bare");
}

export function isBare({ title }: Route): boolean {
  return title === titles.bare;
}
