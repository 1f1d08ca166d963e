/** The clients that the tests of the Redis store go through. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import type { RunningCluster, RunningSentinel } from "../../../../test/servers/redis.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { type RedisClient, RedisSessionStore } from "../../src/stores/redis.ts";
import { empty } from "../../src/testing/model/empty.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";

/** A client that is connected, and how to disconnect it. */
export interface Opened {
  readonly client: RedisClient;
  close(): Promise<unknown>;
}

/** Commands reject by themselves; without a listener the event would end the process. */
const heard = () => {};

export async function nodeRedis(url: string): Promise<Opened> {
  const client = createClient({ url }).on("error", heard);
  await client.connect();
  return { client, close: async () => client.destroy() };
}

export async function nodeRedisPool(url: string): Promise<Opened> {
  const client = createClientPool({ url }).on("error", heard);
  await client.connect();
  return { client, close: async () => client.destroy() };
}

/** A cluster that is destroyed while it looks for its masters opens connections after that, which would try for ever. */
function forAMinute(tries: number): number | Error {
  return tries < 600 ? 100 : new Error("The server is gone");
}

export async function nodeRedisCluster({ masters }: RunningCluster): Promise<Opened> {
  const client = createCluster({
    rootNodes: masters.map(({ url }) => ({ url })),
    defaults: { socket: { reconnectStrategy: forAMinute } },
  }).on("error", heard);
  await client.connect();
  return { client, close: async () => client.destroy() };
}

export async function ioRedis(url: string): Promise<Opened> {
  const client = new Redis(url).on("error", heard);
  return { client, close: async () => client.disconnect() };
}

export async function ioRedisCluster({ masters }: RunningCluster): Promise<Opened> {
  const nodes = masters.map(({ port }) => ({ host: "127.0.0.1", port }));
  const client = new Cluster(nodes, { retryDelayOnTryAgain: 5 }).on("error", heard);
  return { client, close: async () => client.disconnect() };
}

export async function nodeRedisSentinel({ name, port }: RunningSentinel): Promise<Opened> {
  const sentinelRootNodes = [{ host: "127.0.0.1", port }];
  const client = createSentinel({ name, sentinelRootNodes }).on("error", heard);
  await client.connect();
  return { client, close: () => client.destroy() };
}

export async function ioRedisSentinel({ name, port }: RunningSentinel): Promise<Opened> {
  const sentinels = [{ host: "127.0.0.1", port }];
  // What was under way when the master failed is not done once more at the new one.
  const client = new Redis({ name, sentinels, autoResendUnfulfilledCommands: false }).on("error", heard);
  return { client, close: async () => client.disconnect() };
}

/** Two connections that stay open for all tests of a suite, each of which has keys of its own. */
export class TwoConnections {
  readonly #opened: readonly Opened[];

  constructor(...opened: readonly [Opened, Opened]) {
    this.#opened = opened;
  }

  backend(): StoreBackend {
    const prefix = `coatcheck-test-${randomUUID()}:`;
    const [one, other] = this.#opened.map(({ client }) => new RedisSessionStore(client, { prefix }));
    let connected = 0;
    return {
      connect: () => (connected++ % 2 === 0 ? one! : other!),
      close: () => empty(one!, Date.UTC(2100)),
    };
  }

  async close(): Promise<void> {
    for (const { close } of this.#opened) await close();
  }
}

/** Asks until there is an answer, as browsers do. */
export async function answered<T>(question: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      return await question();
    } catch (error) {
      assert.ok(error instanceof StoreUnavailableError, String(error));
      await delay(50);
    }
  }
  return question();
}
