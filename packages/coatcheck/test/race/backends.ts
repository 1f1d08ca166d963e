/** The real backends that races are held on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pool } from "pg";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { provideRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import type { NodeProgram } from "../../src/testing/race/node-process.ts";
import type { StoreKind } from "./open-store.ts";

export interface Backend extends AsyncDisposable {
  readonly kind: StoreKind;
  /** Where nodes find it. */
  readonly where: string;
}

export const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "coatcheck-race-"));
    const dispose = async () => rmSync(folder, { recursive: true });
    return { kind: "sqlite", where: join(folder, "sessions.db"), [Symbol.asyncDispose]: dispose };
  },
  redis: async () => {
    const server = await provideRedis();
    return { kind: "redis", where: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  },
  "redis-cluster": async () => {
    const cluster = await startRedisCluster();
    const where = cluster.masters.map(({ url }) => url).join(",");
    return { kind: "redis-cluster", where, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
  },
  postgres: async () => {
    const database = await providePostgres();
    await migrated(database.url);
    const dispose = () => database[Symbol.asyncDispose]();
    return { kind: "postgres", where: database.url, [Symbol.asyncDispose]: dispose };
  },
};

/** With the tables of the store. */
export async function migrated(connectionString: string): Promise<void> {
  const pool = new Pool({ connectionString });
  await new PostgresSessionStore(pool).migrate();
  await pool.end();
}

/** What nodes of a race ask, the store itself or a cache before it; a cache has nothing to say of what always changes. */
export const caches = {
  plain: { staleness: 0 },
  cached: { staleness: 300, touchInterval: 5_000, renewAfter: 60_000 },
} as const;

export type Cache = keyof typeof caches;

/** The nodes on a backend, for `startNodes`. */
export function nodesOn({ kind, where }: Pick<Backend, "kind" | "where">, cache: Cache): NodeProgram {
  return { program: join(import.meta.dirname, "store-node.ts"), args: [kind, where, cache] };
}
