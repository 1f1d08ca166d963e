/** The doctor asks real Redis servers. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { type RunningRedis, startRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
import { doctor } from "../../src/doctor/doctor.ts";
import { type RedisClient, RedisSessionStore } from "../../src/stores/redis.ts";
import { sessionRecord } from "../../src/testing/record.ts";

const auth = { origin: "https://example.com" };

async function codes(client: RedisClient): Promise<string[]> {
  const findings = await doctor({ store: new RedisSessionStore(client), auth });
  return findings.map(({ code }) => code);
}

/** As the documentation says it should be. */
const sound = ["--appendonly", "yes"];

describe("The doctor, of Redis", () => {
  let redis: RunningRedis;
  before(async () => {
    redis = await startRedis(...sound);
  });
  after(() => redis[Symbol.asyncDispose]());

  async function connected(t: TestContext, { url } = redis) {
    const client = createClient({ url }).on("error", () => {});
    t.after(() => client.destroy());
    return client.connect();
  }

  test("has nothing to say where it is set as the documentation says", async (t) => {
    assert.deepEqual(await codes(await connected(t)), []);
  });

  const settings: Record<string, readonly [settings: readonly string[], code: string]> = {
    "that it drops keys when its memory is full": [
      [...sound, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
      "redis-eviction",
    ],
    "that it keeps nothing on disk": [[], "redis-not-persistent"],
    "that it keeps snapshots only": [["--save", "60 1"], "redis-snapshots-only"],
  };
  for (const [name, [given, code]] of Object.entries(settings)) {
    test(`finds ${name}, through either client`, async (t) => {
      await using other = await startRedis(...given);
      assert.deepEqual(await codes(await connected(t, other)), [code]);
      const client = new Redis(other.url);
      assert.deepEqual(await codes(client).finally(() => client.disconnect()), [code]);
    });
  }

  test("finds keys without a time to live that others left under the prefix, and no key of ours", async (t) => {
    const client = await connected(t);
    const store = new RedisSessionStore(client);
    const record = sessionRecord();
    await store.insert(record, record.createdAt);
    await client.set("elsewhere", "not ours");
    assert.deepEqual(await codes(client), []);
    await client.set("coatcheck:{abc}:session:left-by-another-tool", "x");
    const findings = await doctor({ store, auth });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["redis-immortal-keys"],
    );
    assert.match(
      findings[0]!.what,
      /^1 key has no time to live, for example coatcheck:\{abc\}:session:left-by/,
    );
  });

  test("finds that the client is connected to a replica", async () => {
    await using replica = await startRedis(...sound, "--replicaof", "127.0.0.1", `${redis.port}`);
    const client = new Redis(replica.url);
    assert.deepEqual(await codes(client).finally(() => client.disconnect()), ["redis-replica"]);
  });

  test("asks every master of a cluster", async (t) => {
    await using cluster = await startRedisCluster();
    const rootNodes = cluster.masters.map(({ url }) => ({ url }));
    const client = createCluster({ rootNodes }).on("error", () => {});
    await client.connect();
    t.after(() => client.destroy());
    assert.deepEqual(await codes(client), Array(3).fill("redis-not-persistent"));
  });
});
