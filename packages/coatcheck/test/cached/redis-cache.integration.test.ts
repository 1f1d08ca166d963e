/** Caches before Redis, each with a connection of its own by which it is told: the contract, the model and the outside. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { createClient } from "redis";
import { provideRedis, startRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
import type { SessionChange } from "../../src/core/store.ts";
import { type CachedSessionStore, cached } from "../../src/stores/cached.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { describeSessionStore, type StoreBackend } from "../../src/testing/store-suite.ts";
import {
  ioRedis,
  ioRedisCluster,
  nodeRedis,
  nodeRedisCluster,
  nodeRedisPool,
  type Opened,
} from "../stores/redis-clients.ts";
import { cachedBackend } from "./read-through.ts";
import { keep, until } from "./until.ts";

/** Two clients of one Redis, and caches before it. */
class TwoCaches {
  readonly #opened: readonly Opened[];

  constructor(...opened: readonly [Opened, Opened]) {
    this.#opened = opened;
  }

  backend(): StoreBackend {
    const prefix = `coatcheck-test-${randomUUID()}:`;
    let connected = 0;
    const open = () =>
      cached(new RedisSessionStore(this.#opened[connected++ % 2]!.client, { prefix, timeout: 20_000 }), {
        maxStaleness: 20_000,
      });
    return cachedBackend(open, () => {});
  }

  /** Of both, on the same keys, and proven. */
  async caches(t: TestContext): Promise<readonly [CachedSessionStore, CachedSessionStore]> {
    const prefix = `coatcheck-test-${randomUUID()}:`;
    const [one, other] = this.#opened.map(({ client }) => cached(new RedisSessionStore(client, { prefix })));
    t.after(() => Promise.all([one!.close(), other!.close()]));
    await until(() => one!.isOn && other!.isOn);
    return [one!, other!];
  }

  async close(): Promise<void> {
    for (const { close } of this.#opened) await close();
  }
}

const ways = { "node-redis": nodeRedis, "a pool of node-redis": nodeRedisPool, ioredis: ioRedis };

for (const [name, connect] of Object.entries(ways)) {
  describe(name, () => {
    const used = new AsyncDisposableStack();
    let clients: TwoCaches;
    let outsider: Opened;
    before(async () => {
      const { url } = used.use(await provideRedis());
      clients = new TwoCaches(await connect(url), await connect(url));
      outsider = await nodeRedis(url);
      used.defer(async () => void (await outsider.close()));
      used.defer(() => clients.close());
    });
    after(() => used.disposeAsync());

    if (name !== "a pool of node-redis") {
      describeSessionStore(`Redis behind a cache, through ${name}`, { open: () => clients.backend() });
      describeSessionModel(`Redis behind a cache, through ${name}`, {
        open: () => clients.backend(),
        runs: 30,
      });
    }

    const send = (command: string[]) =>
      (outsider.client as { sendCommand(command: string[]): Promise<unknown[]> }).sendCommand(command);

    /** The key of a session, whatever its prefix. */
    async function keyOf(id: string): Promise<string> {
      const [, keys] = await send(["SCAN", "0", "MATCH", `*:session:${id}`, "COUNT", "100000"]);
      return (keys as string[])[0]!;
    }

    const outside: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      "deleted by hand": async (id) => send(["DEL", await keyOf(id)]),
      "deleted by hand in the background": async (id) => send(["UNLINK", await keyOf(id)]),
      "renamed by hand": async (id) => send(["RENAME", await keyOf(id), "elsewhere"]),
      "flushed with everything": () => send(["FLUSHALL"]),
    };
    for (const [fate, end] of Object.entries(outside)) {
      test(`a session that is ${fate} is not good any more`, async (t) => {
        const [here] = await clients.caches(t);
        const record = sessionRecord();
        await keep(here, record);
        await end(record.id);
        await until(() => here.recent(record.id) === undefined);
      });
    }

    test("a session that expires in Redis is not good any more, though nobody wrote", async (t) => {
      const [here] = await clients.caches(t);
      const record = sessionRecord();
      await keep(here, record);
      await send(["PEXPIRE", await keyOf(record.id), "2000"]);
      await here.prove();
      await here.find(record.id);
      assert.ok(here.recent(record.id), "That it will expire was told before it was read");
      await until(() => here.recent(record.id) === undefined);
      assert.equal(await keyOf(record.id), undefined);
      assert.equal(here.isOn, true);
    });

    test("a touch or a change of data costs one find of that session, and nothing of others", async (t) => {
      const [here, there] = await clients.caches(t);
      const [record, other] = [sessionRecord(), sessionRecord()];
      await keep(here, other);
      await keep(here, record);
      const seen = { lastSeenAt: record.createdAt + 60_000, expiresAt: record.expiresAt + 60_000 };
      const changes: readonly SessionChange[] = [{ seen }, { data: new Map([["theme", '"dark"']]) }];
      for (const change of changes) {
        await there.update(record.id, change, record.createdAt);
        await until(() => here.recent(record.id) === undefined);
        const found = await here.find(record.id);
        assert.deepEqual(here.recent(record.id), found);
        assert.ok(here.recent(other.id));
      }
      assert.equal(here.isOn, true);
    });

    test("a session that ends on another node is told of while the cache stays on", async (t) => {
      const [here, there] = await clients.caches(t);
      const record = sessionRecord();
      await keep(here, record);
      await there.delete(record.id, "logout", record.createdAt);
      await until(() => here.recent(record.id) === undefined);
      assert.equal(here.isOn, true);
    });
  });
}

for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
  test(`a cache that is closed while its connection opens leaves none, through ${name}`, async () => {
    await using used = new AsyncDisposableStack();
    const { url } = used.use(await startRedis());
    const { client, close } = await connect(url);
    used.defer(async () => void (await close()));
    const outsider = createClient({ url });
    await outsider.connect();
    used.defer(() => outsider.close());
    const connections = async () => (await outsider.clientList()).length;
    const before = await connections();
    for (let moments = 0; moments < 30; moments++) {
      const cache = cached(new RedisSessionStore(client));
      for (let moment = 0; moment < moments; moment++) await null;
      await cache.close();
    }
    await until(async () => (await connections()) === before);
  });
}

test("a session that Redis drops because its memory is full is not good any more", async () => {
  await using used = new AsyncDisposableStack();
  const { url } = used.use(await startRedis("--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"));
  const outsider = used.adopt(await createClient({ url }).connect(), (client) => client.destroy());
  const { client } = used.adopt(await nodeRedis(url), async ({ close }) => void (await close()));
  const here = used.adopt(cached(new RedisSessionStore(client)), (cache) => cache.close());
  await until(() => here.isOn);
  const record = sessionRecord();
  await keep(here, record);
  const [key] = await outsider.keys(`*:session:${record.id}`);
  for (let filler = 0; (await outsider.exists(key!)) === 1; filler++) {
    await outsider.set(`filler:${filler}`, "x".repeat(100_000));
  }
  await until(() => here.recent(record.id) === undefined);
  assert.equal(here.isOn, true);
});

for (const [name, connect] of Object.entries({ "node-redis": nodeRedisCluster, ioredis: ioRedisCluster })) {
  describe(`A cluster through ${name}`, () => {
    test("is told of by each of its masters", async (t) => {
      await using cluster = await startRedisCluster();
      const clients = new TwoCaches(await connect(cluster), await connect(cluster));
      t.after(() => clients.close());
      const [here, there] = await clients.caches(t);
      for (const userId of ["ada", "bob", "eve", "mallory", "trent", "victor"]) {
        const record = sessionRecord({ userId });
        await keep(here, record);
        await there.delete(record.id, "logout", record.createdAt);
        await until(() => here.recent(record.id) === undefined);
      }
      assert.equal(here.isOn, true);
      await cluster.masters[0]!.stop();
      await until(() => !here.isOn);
    });
  });
}
