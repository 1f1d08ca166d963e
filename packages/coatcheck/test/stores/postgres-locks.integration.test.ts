/** Who waits for whom, step by step. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Client, type Pool } from "pg";
import type { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import {
  assertAccepted,
  assertEnded,
  assertKept,
  assertSame,
  assertSessions,
  evictAt,
  insertAll,
} from "../../src/testing/store/expectations.ts";
import { openStore, usePostgres } from "./postgres-nodes.ts";

const now = beginning;

describe("In PostgreSQL", () => {
  const postgres = usePostgres();
  const open = (t: TestContext) => openStore(t, { connectionString: postgres.url });

  test("a sign-in waits for a touch that is under way, and lets nobody leave as expired who is alive", async (t) => {
    const { store, pool, schema } = await open(t);
    const record = sessionRecord({ expiresAt: now });
    await insertAll(store, [record], now - 1);
    const next = sessionRecord();
    let inserted: ReturnType<PostgresSessionStore["insert"]>;
    await during(pool, `UPDATE ${schema}.coatcheck_sessions SET expires_at = ${now + 1}`, async () => {
      inserted = store.insert(next, now, evictAt(2));
      await untilWaiting(pool, ["transactionid"]);
    });
    await assertAccepted(inserted!);
    await assertSessions(store, "ada", [{ ...record, expiresAt: now + 1 }, next]);
  });

  test("a sign-in waits for a change that is under way, and evicts what the session has become", async (t) => {
    const { store, pool, schema } = await open(t);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    const next = sessionRecord();
    let inserted: ReturnType<PostgresSessionStore["insert"]>;
    await during(pool, `UPDATE ${schema}.coatcheck_sessions SET data_version = 2`, async () => {
      inserted = store.insert(next, now, evictAt(1));
      await untilWaiting(pool, ["transactionid"]);
    });
    await assertAccepted(inserted!, [{ record: { ...record, dataVersion: 2 }, reason: "evicted" }]);
    await assertSessions(store, "ada", [next]);
  });

  test("a sign-in waits for a deleteByUser that is under way, and stays", async (t) => {
    const { store, pool, schema } = await open(t);
    const [before, next] = [sessionRecord(), sessionRecord()];
    await insertAll(store, [before], now);
    let ended: ReturnType<PostgresSessionStore["deleteByUser"]>;
    let inserted: ReturnType<PostgresSessionStore["insert"]>;
    await during(pool, `SELECT FROM ${schema}.coatcheck_sessions FOR UPDATE`, async () => {
      ended = store.deleteByUser("ada", "revoked", now);
      await untilWaiting(pool, ["transactionid"]);
      inserted = store.insert(next, now);
      await untilWaiting(pool, ["advisory", "transactionid"]);
    });
    assertSame(await ended!, [before]);
    await assertAccepted(inserted!);
    await assertSessions(store, "ada", [next]);
  });

  test("a sign-in of one user waits for nobody else's", async (t) => {
    const { store, pool, schema } = await open(t);
    await insertAll(store, [sessionRecord({ userId: "grace" })], now);
    let ended: ReturnType<PostgresSessionStore["deleteByUser"]>;
    await during(pool, `SELECT FROM ${schema}.coatcheck_sessions FOR UPDATE`, async () => {
      ended = store.deleteByUser("grace", "revoked", now);
      await untilWaiting(pool, ["transactionid"]);
      await assertAccepted(store.insert(sessionRecord(), now, evictAt(1)));
    });
    assert.equal((await ended!).length, 1);
  });

  test("a sign-out waits for a change that is under way, and ends what it has become", async (t) => {
    const { store, pool, schema } = await open(t);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    let ended: ReturnType<PostgresSessionStore["delete"]>;
    await during(pool, `UPDATE ${schema}.coatcheck_sessions SET data_version = 2`, async () => {
      ended = store.delete(record.id, "logout", now);
      await untilWaiting(pool, ["transactionid"]);
    });
    assertSame([(await ended!)!], [{ ...record, dataVersion: 2 }]);
    await assertEnded(store, record, "logout", now);
  });

  test("a change waits for a sign-out that is under way, and comes too late", async (t) => {
    const { store, pool, schema } = await open(t);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    let changed: ReturnType<PostgresSessionStore["update"]>;
    await during(pool, `DELETE FROM ${schema}.coatcheck_sessions`, async () => {
      changed = store.update(record.id, { data: new Map([["a", "1"]]) }, now);
      await untilWaiting(pool, ["transactionid"]);
    });
    assert.equal(await changed!, false);
  });

  test("a touch waits for who changes the session, and those of the same turn do not", async (t) => {
    const { store, pool, schema } = await open(t);
    const [held, free] = [sessionRecord(), sessionRecord()];
    await insertAll(store, [held, free], now);
    const touch = ({ id, expiresAt }: typeof held) =>
      store.update(id, { seen: { lastSeenAt: now + 1, expiresAt } }, now);
    let late: ReturnType<PostgresSessionStore["update"]>;
    const hold = `UPDATE ${schema}.coatcheck_sessions SET data_version = 2 WHERE id = '${held.id}'`;
    await during(pool, hold, async () => {
      late = touch(held);
      assert.equal(await touch(free), true);
      await untilWaiting(pool, ["transactionid"]);
    });
    assert.equal(await late!, true);
    await assertKept(store, { ...held, lastSeenAt: now + 1, dataVersion: 2 });
  });

  test("a find waits for nobody", async (t) => {
    const { store, pool, schema } = await open(t);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await during(pool, `DELETE FROM ${schema}.coatcheck_sessions`, () => assertKept(store, record));
  });

  test("a prune waits for nobody, and leaves what others hold to the next one", async (t) => {
    const { store, pool, schema } = await open(t);
    const [held, free] = [sessionRecord({ expiresAt: now }), sessionRecord({ expiresAt: now })];
    await insertAll(store, [held, free], now - 1);
    const hold = `SELECT FROM ${schema}.coatcheck_sessions WHERE id = '${held.id}' FOR UPDATE`;
    await during(pool, hold, async () => assertSame((await store.deleteExpired(now, 10)).expired, [free]));
    assertSame((await store.deleteExpired(now, 10)).expired, [held]);
  });

  test("who lost a race tries again when it has let go of what it held: else its own rows would seem to be held by others", async (t) => {
    const options = "-c default_transaction_isolation=serializable";
    const { store, pool, schema } = await openStore(t, { connectionString: postgres.url, options });
    const record = sessionRecord();
    await insertAll(store, [record], now);
    const query = t.mock.method(Client.prototype, "query");
    let ended: ReturnType<PostgresSessionStore["delete"]>;
    await during(pool, `UPDATE ${schema}.coatcheck_sessions SET data_version = 2`, async () => {
      ended = store.delete(record.id, "logout", now);
      await untilWaiting(pool, ["transactionid"]);
    });
    assert.equal((await ended!)?.dataVersion, 2);
    const said = query.mock.calls.map(({ arguments: [asked] }) => JSON.stringify(asked));
    const steps = said.map((text) => /DELETE|ROLLBACK/.exec(text)?.[0]).filter((step) => step !== undefined);
    assert.deepEqual(steps, ["DELETE", "ROLLBACK", "DELETE"]);
  });
});

/** Does something while a stranger's transaction is open, which is committed then. */
async function during(pool: Pool, sql: string, deed: () => Promise<void>): Promise<void> {
  const stranger = await pool.connect();
  try {
    await stranger.query(`BEGIN; ${sql}`);
    await deed();
    await stranger.query("COMMIT");
  } finally {
    stranger.release();
  }
}

/** Until exactly such locks are waited for. */
async function untilWaiting(pool: Pool, expected: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const { rows } = await pool.query(
      "SELECT wait_event FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (
      rows
        .map(({ wait_event }) => wait_event)
        .sort()
        .join() === expected.join()
    )
      return;
  }
  assert.fail(`Nobody waits for ${expected.join(" and ")}`);
}
