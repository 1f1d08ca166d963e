/** Opens the stores of races, each with the client that an application would have. */
import type { CacheableStore } from "../../src/stores/cached.ts";
import type { RedisClient } from "../../src/stores/redis.ts";

export type StoreKind = "sqlite" | "redis" | "redis-cluster" | "redis-sentinel" | "postgres";

type Open = (where: string, timeout: number) => Promise<CacheableStore>;

/**
 * @param where a path, an address, or several addresses with commas between.
 * @param timeout how long one operation may take, in milliseconds.
 */
export const openStore = (kind: StoreKind, where: string, timeout: number): Promise<CacheableStore> =>
  openers[kind](where, timeout);

/** Commands reject by themselves; without a listener the event would end the process. */
const heard = () => {};

const openers: Readonly<Record<StoreKind, Open>> = {
  sqlite: async (path, timeout) => {
    const { SqliteSessionStore } = await import("../../src/stores/sqlite.ts");
    return new SqliteSessionStore(path, { timeout });
  },
  redis: async (url, timeout) => {
    const { createClient } = await import("redis");
    const client = createClient({ url, pingInterval: 1_000 }).on("error", heard);
    return redisStore(await client.connect(), timeout);
  },
  "redis-cluster": async (urls, timeout) => {
    const { createCluster } = await import("redis");
    const rootNodes = urls.split(",").map((url) => ({ url }));
    const client = createCluster({ rootNodes }).on("error", heard);
    return redisStore(await client.connect(), timeout);
  },
  "redis-sentinel": async (url, timeout) => {
    const { createSentinel } = await import("redis");
    const { hostname: host, port, pathname } = new URL(url);
    const client = createSentinel({
      name: pathname.slice(1),
      sentinelRootNodes: [{ host, port: Number(port) }],
    });
    return redisStore(await client.on("error", heard).connect(), timeout);
  },
  postgres: async (connectionString, timeout) => {
    const { Pool } = await import("pg");
    const { PostgresSessionStore } = await import("../../src/stores/postgres.ts");
    const pool = new Pool({ connectionString, max: 5, connectionTimeoutMillis: timeout }).on("error", heard);
    return new PostgresSessionStore(pool, { timeout });
  },
};

async function redisStore(client: RedisClient, timeout: number): Promise<CacheableStore> {
  const { RedisSessionStore } = await import("../../src/stores/redis.ts");
  return new RedisSessionStore(client, { timeout });
}
