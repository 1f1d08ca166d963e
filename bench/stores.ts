/** The stores that are measured. A new store is a new row. */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SessionStore } from "coatcheck";
import { type CacheableStore, cached } from "coatcheck/cached";
import { MemorySessionStore } from "coatcheck/memory";
import { PostgresSessionStore } from "coatcheck/postgres";
import { RedisSessionStore } from "coatcheck/redis";
import { SqliteSessionStore } from "coatcheck/sqlite";
import { Pool } from "pg";
import { createClient } from "redis";
import { bytesOfHeap, bytesOfRedis, bytesOfSchema } from "./at-rest.ts";
import type { Addresses, DatabaseName } from "./databases.ts";
import { populationSize } from "./population.ts";

export type StoreName =
  | "memory"
  | "sqlite"
  | "redis"
  | "postgres"
  | `${"sqlite" | "redis" | "postgres"}-cached`;

/** Where a store may keep sessions. Nothing else is in this folder, and nothing else in a database has this name. */
export interface Place {
  readonly name: string;
  readonly folder: string;
  readonly databases: Partial<Addresses>;
}

export interface StoreRow {
  readonly title: string;
  /** The server that it asks; none where sessions are in the process or its files. */
  readonly database?: DatabaseName;
  /** Behind a cache: what its store does is in the row of that. */
  readonly cached?: true;
  /** Opens it empty. */
  open(place: Place): Promise<OpenStore>;
}

export interface OpenStore<S extends SessionStore = SessionStore> {
  readonly store: S;
  /** How many bytes its sessions take. It may be closed afterwards. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

export const stores: Readonly<Record<StoreName, StoreRow>> = {
  memory: { title: "memory", open: openMemory },
  sqlite: { title: "SQLite file", open: openSqlite },
  redis: { title: "Redis", database: "redis", open: openRedis },
  postgres: { title: "PostgreSQL", database: "postgres", open: openPostgres },
  "sqlite-cached": { title: "SQLite, cached", cached: true, open: behindCache(openSqlite) },
  "redis-cached": { title: "Redis, cached", database: "redis", cached: true, open: behindCache(openRedis) },
  "postgres-cached": {
    title: "PostgreSQL, cached",
    database: "postgres",
    cached: true,
    open: behindCache(openPostgres),
  },
};

/** The stores themselves. */
export const uncached: readonly StoreName[] = (Object.keys(stores) as StoreName[]).filter(
  (name) => !stores[name].cached,
);

function behindCache(open: (place: Place) => Promise<OpenStore<CacheableStore>>): StoreRow["open"] {
  return async (place) => {
    const { store, bytes, close } = await open(place);
    // Room for everybody: what a hit costs is measured.
    const cache = cached(store, { maximumSessions: 4 * populationSize });
    await cache.prove();
    const closeAll = async () => {
      await cache.close();
      await close();
    };
    return { store: cache, bytes, close: closeAll };
  };
}

async function openMemory(): Promise<OpenStore> {
  const before = bytesOfHeap();
  // Growth goes far beyond what it holds by default.
  const store = new MemorySessionStore({ maximumSessions: 2_000_000 });
  return {
    store,
    async bytes() {
      const grown = bytesOfHeap() - before;
      // Used once more, or it would be collected as well.
      await store.time();
      return grown;
    },
    async close() {},
  };
}

async function openSqlite({ folder }: Place): Promise<OpenStore<CacheableStore>> {
  mkdirSync(folder, { recursive: true });
  const store = new SqliteSessionStore(join(folder, "sessions.db"));
  return {
    store,
    async bytes() {
      await store.close();
      const sizes = readdirSync(folder).map((file) => statSync(join(folder, file)).size);
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    close: () => store.close(),
  };
}

async function openRedis({ name, databases }: Place): Promise<OpenStore<CacheableStore>> {
  const client = await createClient({ url: databases.redis! }).on("error", console.error).connect();
  const before = await bytesOfRedis(databases.redis!);
  return {
    store: new RedisSessionStore(client, { prefix: `${name}:` }),
    bytes: async () => (await bytesOfRedis(databases.redis!)) - before,
    close: async () => client.destroy(),
  };
}

async function openPostgres({ name, databases }: Place): Promise<OpenStore<CacheableStore>> {
  const pool = new Pool({ connectionString: databases.postgres! });
  const store = new PostgresSessionStore(pool, { schema: name });
  await store.migrate();
  return {
    store,
    bytes: () => bytesOfSchema(databases.postgres!, name),
    close: () => pool.end(),
  };
}
