/** Caches before PostgreSQL, told by its triggers: the contract, the model, the outside, and a pooler in between. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Pool } from "pg";
import { startPgBouncer } from "../../../../test/servers/postgres.ts";
import { type CachedSessionStore, cached } from "../../src/stores/cached.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { describeSessionStore, type StoreBackend } from "../../src/testing/store-suite.ts";
import { newSchema, openPool, usePostgres } from "../stores/postgres-nodes.ts";
import { cachedBackend } from "./read-through.ts";
import { keep, until } from "./until.ts";

describe("A cache before PostgreSQL", () => {
  const postgres = usePostgres();

  async function backend(): Promise<StoreBackend> {
    const schema = newSchema();
    await new PostgresSessionStore(postgres.pools[0], { schema }).migrate();
    let connected = 0;
    const open = () => {
      const store = new PostgresSessionStore(postgres.pools[connected++ % 2]!, { schema, timeout: 20_000 });
      return cached(store, { maxStaleness: 20_000 });
    };
    return cachedBackend(open, () => postgres.pools[0].query(`DROP SCHEMA ${schema} CASCADE`));
  }

  describeSessionStore("PostgreSQL behind a cache", { open: backend });
  describeSessionModel("PostgreSQL behind a cache", { open: backend, runs: 30 });

  /** On the same tables, and proven. */
  async function twoCaches(
    t: TestContext,
  ): Promise<readonly [here: CachedSessionStore, there: CachedSessionStore, schema: string]> {
    const schema = newSchema();
    await new PostgresSessionStore(postgres.pools[0], { schema }).migrate();
    const [here, there] = postgres.pools.map((pool) => cached(new PostgresSessionStore(pool, { schema })));
    t.after(() => Promise.all([here!.close(), there!.close()]));
    await until(() => here!.isOn && there!.isOn);
    return [here!, there!, schema];
  }

  const outside: Readonly<Record<string, string>> = {
    "deleted by hand": "DELETE FROM coatcheck_sessions",
    "truncated away": "TRUNCATE coatcheck_sessions",
    "made to expire by hand": "UPDATE coatcheck_sessions SET expires_at = 0",
  };
  for (const [fate, sql] of Object.entries(outside)) {
    test(`a session that is ${fate} is told of`, async (t) => {
      const [here, , schema] = await twoCaches(t);
      const record = sessionRecord();
      await keep(here, record);
      await postgres.pools[1].query(sql.replace("coatcheck_sessions", `${schema}.coatcheck_sessions`));
      await until(() => here.recent(record.id) === undefined);
    });
  }

  test("a session that ends on another node is told of while the cache stays on; a touch is not told", async (t) => {
    const [here, there] = await twoCaches(t);
    const record = sessionRecord();
    await keep(here, record);
    const seen = { lastSeenAt: record.createdAt + 60_000, expiresAt: record.expiresAt + 60_000 };
    await there.update(record.id, { seen }, record.createdAt);
    await here.prove();
    assert.ok(here.recent(record.id));
    await there.delete(record.id, "logout", record.createdAt);
    await until(() => here.recent(record.id) === undefined);
    assert.equal(here.isOn, true);
  });

  test("is off behind a pooler in transaction mode, says so, and sessions work", async (t) => {
    const schema = newSchema();
    await new PostgresSessionStore(postgres.pools[0], { schema }).migrate();
    const pooler = await startPgBouncer(postgres.url);
    t.after(() => pooler[Symbol.asyncDispose]());
    const pool = openPool(t, { connectionString: pooler.url });
    const cache = cached(new PostgresSessionStore(pool, { schema }));
    t.after(() => cache.close());
    for (let i = 0; i < 3; i++) await cache.prove();
    assert.equal(cache.isOn, false);
    const record = sessionRecord();
    await cache.insert(record, record.createdAt);
    await cache.find(record.id);
    assert.equal(cache.recent(record.id), undefined);
    const findings = await cache.diagnose();
    assert.ok(findings.some(({ code }) => code === "cache-off"));
  });

  test("is off before tables that do not tell, and comes on when they are brought up to date", async (t) => {
    const [here, , schema] = await twoCaches(t);
    await postgres.pools[0].query(
      `ALTER TABLE ${schema}.coatcheck_sessions DISABLE TRIGGER coatcheck_tell_deletes`,
    );
    const cache = cached(new PostgresSessionStore(postgres.pools[1], { schema }));
    t.after(() => cache.close());
    await cache.prove();
    assert.equal(cache.isOn, false);
    await postgres.pools[0].query(
      `ALTER TABLE ${schema}.coatcheck_sessions ENABLE TRIGGER coatcheck_tell_deletes`,
    );
    await until(() => cache.isOn);
    assert.equal(here.isOn, true);
  });

  test("is refused on a pool of one connection, which it would keep for itself", () => {
    const store = new PostgresSessionStore(new Pool({ connectionString: postgres.url, max: 1 }));
    assert.throws(() => cached(store), TypeError);
  });
});
