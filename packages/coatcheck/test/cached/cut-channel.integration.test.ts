/** Real servers behind a proxy that delays, drops and half-closes: the worst case that is stated is the worst case. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { startTcpProxy, type Weather } from "../../../../test/servers/tcp-proxy.ts";
import { type CacheableStore, type CachedSessionStore, cached } from "../../src/stores/cached.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { newSchema } from "../stores/postgres-nodes.ts";
import { ioRedis, nodeRedis, type Opened } from "../stores/redis-clients.ts";
import { keep, until } from "./until.ts";

/** A backend whose nodes reach it at a port, and what ends with the test. */
interface Backend extends AsyncDisposable {
  readonly port: number;
  node(port: number): Promise<{ readonly store: CacheableStore; close(): Promise<unknown> }>;
}

async function redisBackend(connect: (url: string) => Promise<Opened>): Promise<Backend> {
  const redis = await provideRedis();
  const prefix = `coatcheck-test-${process.pid}:`;
  return {
    port: Number(new URL(redis.url).port),
    node: async (port) => {
      const url = new URL(redis.url);
      url.port = String(port);
      const { client, close } = await connect(url.href);
      return { store: new RedisSessionStore(client, { prefix, timeout: 500 }), close };
    },
    [Symbol.asyncDispose]: async () => redis[Symbol.asyncDispose](),
  };
}

async function postgresBackend(): Promise<Backend> {
  const postgres = await providePostgres();
  const schema = newSchema();
  const open = (port?: number) => {
    const url = new URL(postgres.url);
    url.hostname = "127.0.0.1";
    if (port) url.port = String(port);
    const pool = new Pool({ connectionString: url.href, connectionTimeoutMillis: 500 });
    return { store: new PostgresSessionStore(pool, { schema, timeout: 500 }), close: () => pool.end() };
  };
  const first = open();
  await first.store.migrate();
  await first.close();
  return {
    port: Number(new URL(postgres.url).port),
    node: async (port) => open(port),
    [Symbol.asyncDispose]: async () => postgres[Symbol.asyncDispose](),
  };
}

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  "Redis through node-redis": () => redisBackend(nodeRedis),
  "Redis through ioredis": () => redisBackend(ioRedis),
  PostgreSQL: postgresBackend,
};

for (const [name, open] of Object.entries(backends)) {
  describe(`A cache before ${name}, with a network that fails`, () => {
    let backend: Backend;
    before(async () => {
      backend = await open();
    });
    after(() => backend[Symbol.asyncDispose]());

    /** A node behind the proxy with a clock of the test's, and another node that is well. */
    async function nodes(t: TestContext) {
      const proxy = await startTcpProxy(backend.port);
      const steady = manualClock();
      const one = await backend.node(proxy.port);
      const other = await backend.node(backend.port);
      const here = cached(one.store, { now: steady.now });
      t.after(async () => {
        proxy.weather("fine");
        await here.close();
        proxy.reset();
        await Promise.all([one.close(), other.close()]);
        await proxy[Symbol.asyncDispose]();
      });
      await until(() => here.isOn);
      return { proxy, steady, here, there: other.store };
    }

    async function assertHeals(here: CachedSessionStore): Promise<void> {
      await until(() => here.isOn);
      const answers = () => here.time().then(Boolean, () => false);
      await until(answers);
      const record = sessionRecord();
      await keep(here, record);
      assert.equal(here.isOn, true);
    }

    for (const weather of ["deaf", "silent", "half-closed"] satisfies Weather[]) {
      test(`gives no hit that is older than maxStaleness while the line is ${weather}, and heals by itself`, async (t) => {
        const { proxy, steady, here, there } = await nodes(t);
        const record = sessionRecord();
        await keep(here, record);
        proxy.weather(weather);
        await there.delete(record.id, "logout", record.createdAt);
        steady.advance(1_000);
        assert.equal(here.recent(record.id), undefined);
        await here.prove();
        assert.equal(here.isOn, false, "A heartbeat cannot have come back");
        proxy.weather("fine");
        // What hung in a connection is given up by its owner; here it is the test that cuts it.
        proxy.reset();
        await assertHeals(here);
        assert.equal(here.recent(record.id), undefined);
      });
    }

    test("keeps nothing over a connection that was reset within maxStaleness", async (t) => {
      const { proxy, here, there } = await nodes(t);
      const record = sessionRecord();
      await keep(here, record);
      proxy.weather("deaf");
      await there.delete(record.id, "logout", record.createdAt);
      proxy.weather("fine");
      proxy.reset();
      // The clock stands still: it is the loss itself that is noticed.
      await until(() => here.recent(record.id) === undefined);
      await assertHeals(here);
      assert.equal(here.recent(record.id), undefined);
    });

    test("is told late over a slow line, and trusts it no longer than from when a heartbeat was sent", async (t) => {
      const { proxy, steady, here, there } = await nodes(t);
      const record = sessionRecord();
      await keep(here, record);
      proxy.delay(100);
      await there.delete(record.id, "logout", record.createdAt);
      await until(() => here.recent(record.id) === undefined);
      steady.advance(1_000);
      assert.equal(here.isOn, false);
      await until(() => here.isOn);
    });
  });
}
