/** The contract of stores of attempts on real servers, each through two connections. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createClient } from "redis";
import { providePostgres, startPgBouncer } from "../../../../test/servers/postgres.ts";
import { provideRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { beginning } from "../../src/testing/record.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";
import { fail, rule } from "../../src/testing/throttle/expectations.ts";
import { describeThrottleStore } from "../../src/testing/throttle-suite.ts";
import { TwoNodes } from "./postgres-nodes.ts";
import { ioRedis, nodeRedis, nodeRedisCluster, TwoConnections } from "./redis-clients.ts";
import { throttleOf } from "./throttle-backend.ts";

type Used = AsyncDisposableStack;

const postgresAt = async (used: Used) => used.use(await providePostgres()).url;
const redisAt = async (used: Used) => used.use(await provideRedis()).url;

const databases: Readonly<Record<string, (used: Used) => Promise<TwoNodes>>> = {
  PostgreSQL: async (used) => new TwoNodes({ connectionString: await postgresAt(used) }),
  "PostgreSQL behind PgBouncer in transaction mode": async (used) => {
    const { url } = used.use(await startPgBouncer(await postgresAt(used)));
    return new TwoNodes({ connectionString: url });
  },
  "PostgreSQL where every transaction is serializable by default": async (used) => {
    const options = "-c default_transaction_isolation=serializable";
    return new TwoNodes({ connectionString: await postgresAt(used), options });
  },
};

for (const [name, connect] of Object.entries(databases)) {
  onServer(name, connect, []);
}

const redises: Readonly<Record<string, (used: Used) => Promise<TwoConnections>>> = {
  "Redis through node-redis": async (used) => {
    const url = await redisAt(used);
    return new TwoConnections(await nodeRedis(url), await nodeRedis(url));
  },
  "Redis through ioredis": async (used) => {
    const url = await redisAt(used);
    return new TwoConnections(await ioRedis(url), await ioRedis(url));
  },
  "a Redis cluster": async (used) => {
    const cluster = used.use(await startRedisCluster());
    return new TwoConnections(await nodeRedisCluster(cluster), await nodeRedisCluster(cluster));
  },
};

for (const [name, connect] of Object.entries(redises)) {
  onServer(name, connect, [
    {
      reason: "Redis forgets on its own",
      promises: [
        "looks at no more than about `batch` counters from `from` on and removes those that are to be forgotten",
        "a counter is removed from the millisecond on from which it is to be forgotten",
        "nodes that prune at once do no work twice",
      ],
    },
  ]);
}

interface Connected {
  backend(): StoreBackend | Promise<StoreBackend>;
  close(): Promise<void>;
}

function onServer(
  name: string,
  connect: (used: Used) => Promise<Connected>,
  skip: readonly { readonly reason: string; readonly promises: readonly string[] }[],
): void {
  describe(name, () => {
    const used = new AsyncDisposableStack();
    let connected: Connected;
    before(async () => {
      connected = await connect(used);
    });
    after(async () => {
      await connected.close();
      await used.disposeAsync();
    });
    describeThrottleStore(name, { open: async () => throttleOf(await connected.backend()), skip });
  });
}

describe("A counter in Redis", () => {
  const used = new AsyncDisposableStack();
  let client: ReturnType<typeof createClient>;
  before(async () => {
    client = createClient({ url: await redisAt(used) });
    await client.connect();
    used.defer(() => client.destroy());
  });
  after(() => used.disposeAsync());

  const store = () => {
    const prefix = `${randomUUID()}:`;
    return { prefix, throttle: new RedisSessionStore(client, { prefix }).throttle };
  };

  test("has a time to live whatever is done to it, and no key arises without one", async () => {
    const { prefix, throttle } = store();
    await throttle.refund("never counted");
    await throttle.reset("never counted");
    assert.deepEqual(await client.keys(`${prefix}*`), []);
    await fail(throttle, "a", 3, beginning);
    await throttle.refund("a");
    const [key] = await client.keys(`${prefix}*`);
    const left = await client.pTTL(key!);
    assert.ok(left > rule.forgetAfter - 10_000 && left <= rule.forgetAfter, String(left));
  });

  test("that is damaged is an outage, not an open door", async () => {
    const { prefix, throttle } = store();
    await client.hSet(`${prefix}throttle:a`, { failures: "none", last: "1", forgotten: "2" });
    await assert.rejects(throttle.attempt("a", rule, beginning), /damaged/);
    await client.set(`${prefix}throttle:b`, "text");
    await assert.rejects(throttle.attempt("b", rule, beginning), /WRONGTYPE/);
  });
});
