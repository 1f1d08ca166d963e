/** P7 over servers: of these, what they are told and what they log is evidence, too. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool } from "pg";
import { createClient } from "redis";
import { commandsTold, dumpPostgres, dumpRedis, logsStatements } from "../../../../test/secrecy/dump.ts";
import { startPostgres } from "../../../../test/servers/postgres.ts";
import { startRedis } from "../../../../test/servers/redis.ts";
import { cached } from "../../src/stores/cached.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { keepsItsSecrets } from "./promise.ts";

describe("whatever the library does, no secret is anywhere but where it is meant to be (ASVS 7.2.1, 14.2.1, 16.2.5, WSTG-SESS-04)", () => {
  test("over Redis, with a cache", async () => {
    await using server = await startRedis();
    const told = await commandsTold(server.port);
    // What is asked of a server that is gone fails at once.
    const client = createClient({ url: server.url, disableOfflineQueue: true }).on("error", () => {});
    await client.connect();
    const store = cached(new RedisSessionStore(client));
    await keepsItsSecrets({
      store,
      audit: new MemorySessionStore().audit,
      dump: async () => {
        assert.match(told(), /EVALSHA.*heidi/);
        const { contents, rows } = await dumpRedis(server.url);
        return { contents: [...contents, told()], rows };
      },
      fail: () => server.stop(),
      close: async () => {
        await store.close();
        client.destroy();
      },
    });
  });

  test("over PostgreSQL, with a cache", async () => {
    await using server = await startPostgres(logsStatements);
    const pool = new Pool({ connectionString: server.url }).on("error", () => {});
    const inner = new PostgresSessionStore(pool);
    await inner.migrate();
    const store = cached(inner);
    await keepsItsSecrets({
      store,
      audit: inner.audit,
      dump: async () => {
        assert.match(server.output(), /parameters: .*heidi/i);
        const { contents, rows } = await dumpPostgres(server.url);
        return { contents: [...contents, server.output()], rows };
      },
      fail: () => server.stop(),
      close: async () => {
        await store.close();
        await pool.end();
      },
    });
  });
});
