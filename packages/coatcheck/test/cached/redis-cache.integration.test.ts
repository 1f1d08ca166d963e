/** Caches before Redis, each with a connection of its own by which it is told: the contract, the model and the outside. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { provideRedis, startRedisCluster } from "../../../../test/servers/redis.ts";
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
      (outsider.client as { sendCommand(command: string[]): Promise<unknown> }).sendCommand(command);

    const outside: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      "deleted by hand": async (id) => {
        const [, keys] = (await send(["SCAN", "0", "MATCH", `*:session:${id}`, "COUNT", "100000"])) as [
          0,
          string[],
        ];
        return send(["DEL", ...keys]);
      },
      "expired by Redis": async (id) => {
        const [, keys] = (await send(["SCAN", "0", "MATCH", `*:session:${id}`, "COUNT", "100000"])) as [
          0,
          string[],
        ];
        return send(["PEXPIRE", keys[0]!, "1"]);
      },
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
