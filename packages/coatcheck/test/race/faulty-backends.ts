/** Backends of which each race has one for itself, and what befalls them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../../../test/servers/postgres.ts";
import { startRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/servers/tcp-proxy.ts";
import type { Fault } from "../../src/testing/race/fault.ts";
import { clockJumps, clockWrong, nodeKilled, nodePaused } from "../../src/testing/race/node-faults.ts";
import { type Backend, migrated } from "./backends.ts";
import {
  answersCutOff,
  answersLate,
  bytesLost,
  diskFull,
  filesFull,
  mountSmallDisk,
  replicaPromoted,
  storeKilled,
  storePaused,
  unmount,
} from "./store-faults.ts";

export interface FaultyBackend extends Backend {
  readonly faults: readonly Fault[];
  /** Whether the store keeps what it answered through its own faults. */
  readonly durable: boolean;
}

/** Those that show most in a short time. */
export const shortly: Readonly<Record<string, RegExp>> = {
  sqlite: /node 1 killed|paused|full|grow/,
  redis: /node 3 killed|jumps|store|before the answers|silent/,
  postgres: /node 2 paused|behind|store|before the answers|half-closed/,
};

const hour = 3_600_000;

const ofNodes: readonly Fault[] = [nodeKilled(0), nodePaused(1), nodeKilled(2)];

/** Where the store has a clock of its own to compare with. */
const ofClocks: readonly Fault[] = [
  clockWrong(1, 2 * hour),
  clockWrong(1, -2 * hour),
  clockJumps(1, 2 * hour),
];

export const faultyBackends: Readonly<Record<string, () => Promise<FaultyBackend>>> = {
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "coatcheck-race-"));
    const path = join(folder, "sessions.db");
    const isMounted = mountSmallDisk(folder);
    return {
      kind: "sqlite",
      where: path,
      faults: [...ofNodes, isMounted ? diskFull(folder) : filesFull()],
      durable: true,
      [Symbol.asyncDispose]: async () => {
        if (isMounted) unmount(folder);
        rmSync(folder, { recursive: true });
      },
    };
  },
  /** Everything that was answered is on the disk. */
  redis: async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startRedis("--appendonly", "yes", "--appendfsync", "always"));
    const proxy = stack.use(await startTcpProxy(server.port));
    return {
      kind: "redis",
      where: `redis://127.0.0.1:${proxy.port}`,
      faults: [...ofNodes, ...ofClocks, storePaused(server), storeKilled(server), ...ofNetwork(proxy)],
      durable: true,
      [Symbol.asyncDispose]: kept(stack),
    };
  },
  /** Everything is in memory, and a restart loses it. */
  "redis-in-memory": async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startRedis());
    return {
      kind: "redis",
      where: server.url,
      faults: [storeKilled(server), nodePaused(1), storeKilled(server)],
      durable: false,
      [Symbol.asyncDispose]: kept(stack),
    };
  },
  /** Another server takes over, without what would be lost between the two: what caches are told does not depend on it. */
  "redis-failover": async () => {
    await using stack = new AsyncDisposableStack();
    const master = stack.use(await startRedis("--repl-diskless-sync-delay", "0"));
    const replica = stack.use(await startRedis("--replicaof", "127.0.0.1", `${master.port}`));
    const proxy = stack.use(await startTcpProxy(master.port));
    return {
      kind: "redis",
      where: `redis://127.0.0.1:${proxy.port}`,
      faults: [nodeKilled(0), replicaPromoted(master, replica, proxy), nodePaused(1)],
      durable: true,
      [Symbol.asyncDispose]: kept(stack),
    };
  },
  "redis-cluster": async () => {
    await using stack = new AsyncDisposableStack();
    const cluster = stack.use(await startRedisCluster());
    return {
      kind: "redis-cluster",
      where: cluster.masters.map(({ url }) => url).join(","),
      faults: [...ofNodes, ...cluster.masters.map((master) => storePaused(master))],
      durable: true,
      [Symbol.asyncDispose]: kept(stack),
    };
  },
  postgres: async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startPostgres());
    const proxy = stack.use(await startTcpProxy(server.port));
    await migrated(server.url);
    const url = new URL(server.url);
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const frozen: Fault = { name: "store paused", lasts: 1_500, begin: server.freeze, end: server.thaw };
    const crashed = storeKilled(server, "store crashed");
    return {
      kind: "postgres",
      where: url.href,
      faults: [...ofNodes, ...ofClocks, frozen, crashed, ...ofNetwork(proxy)],
      durable: true,
      [Symbol.asyncDispose]: kept(stack),
    };
  },
};

function ofNetwork(proxy: TcpProxy): Fault[] {
  return [
    answersCutOff(proxy),
    answersLate(proxy, 200),
    answersLate(proxy, 700),
    bytesLost(proxy, "deaf"),
    bytesLost(proxy, "silent"),
    bytesLost(proxy, "half-closed"),
  ];
}

function kept(stack: AsyncDisposableStack): () => Promise<void> {
  const moved = stack.move();
  return () => moved.disposeAsync();
}
