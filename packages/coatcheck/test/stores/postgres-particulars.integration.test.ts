/** What is PostgreSQL's own: round trips, plans, damage, what lies in the rows. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import pg from "pg";
import { startPgBouncer } from "../../../../test/servers/postgres.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionRecord } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type PostgresPool, PostgresSessionStore } from "../../src/stores/postgres.ts";
import { beginning, fullRecord, sessionRecord } from "../../src/testing/record.ts";
import {
  assertEnded,
  assertKept,
  assertSessions,
  assertUnknown,
  insertAll,
  sessionIn,
} from "../../src/testing/store/expectations.ts";
import { observe, openStore, usePostgres } from "./postgres-nodes.ts";

const now = beginning;

describe("Sessions in PostgreSQL", () => {
  const postgres = usePostgres();
  const open = (t: TestContext) => openStore(t, { connectionString: postgres.url });

  test("a validation is one round trip, and so are those of one turn of the event loop together", async (t) => {
    const { pool, schema } = await open(t);
    const { queries, observed } = observe(pool);
    const sessions = new SessionManager({ store: new PostgresSessionStore(observed, { schema }) });
    const tokens = [];
    for (let user = 0; user < 50; user++) tokens.push((await sessions.create(`user ${user}`)).token);

    queries.length = 0;
    assert.ok((await sessions.validate(tokens[0])).ok);
    assert.equal(queries.length, 1);

    queries.length = 0;
    const validations = await Promise.all(tokens.map((token) => sessions.validate(token)));
    assert.deepEqual(
      validations.map((validation) => validation.ok && validation.session.userId),
      tokens.map((_, user) => `user ${user}`),
    );
    assert.equal(queries.length, 1);
  });

  test("rows in another order than was asked for are an outage, and nobody's sign-out", async (t) => {
    const { pool, schema } = await open(t);
    const records = [sessionRecord(), sessionRecord(), sessionRecord()];
    await insertAll(new PostgresSessionStore(pool, { schema }), records, now);
    const store = new PostgresSessionStore(backwards(pool), { schema });
    await assertKept(store, records[0]!);
    const found = await Promise.allSettled(records.map(({ id }) => store.find(id)));
    assert.deepEqual(
      found.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
  });

  test("touches of one turn are one statement, and each has its own answer", async (t) => {
    const { pool, schema } = await open(t);
    const { queries, observed } = observe(pool);
    const store = new PostgresSessionStore(observed, { schema });
    const alive = Array.from({ length: 50 }, () => sessionRecord());
    const [expired, unknown] = [sessionRecord({ expiresAt: now }), sessionRecord()];
    for (const record of [...alive, expired]) await store.insert(record, now - 1);

    queries.length = 0;
    const touch = ({ id, expiresAt }: SessionRecord, later: number) =>
      store.update(id, { seen: { lastSeenAt: now + later, expiresAt: expiresAt + later } }, now);
    const touched = await Promise.all([
      ...alive.map((record, index) => touch(record, index)),
      // Twice in a turn, and the earlier use last.
      touch(alive[7]!, 100),
      touch(alive[7]!, 1),
      touch(expired, 100),
    ]);
    assert.deepEqual(touched, [...alive.map(() => true), true, true, false]);
    assert.equal(queries.length, 1);
    for (const [index, { id, expiresAt }] of alive.entries()) {
      const later = index === 7 ? 100 : index;
      const { lastSeenAt, expiresAt: deadline } = (await store.find(id)) as SessionRecord;
      assert.deepEqual([lastSeenAt, deadline], [now + later, expiresAt + later]);
    }
    assert.deepEqual(await Promise.all([touch(unknown, 1), touch(alive[0]!, 200)]), [false, true]);
  });

  test("everything else is one round trip too, but what adds or ends several sessions of a user is three", async (t) => {
    const { pool, schema } = await open(t);
    const { queries, observed } = observe(pool);
    const store = new PostgresSessionStore(observed, { schema });
    const record = sessionRecord();
    const deeds: readonly (readonly [roundTrips: number, deed: () => Promise<unknown>])[] = [
      [3, () => store.insert(record, now, { maximum: 3, exceeded: "evict-oldest" })],
      [1, () => store.update(record.id, { data: new Map([["a", "1"]]) }, now)],
      [1, () => store.findByUser("ada")],
      [1, () => store.delete(record.id, "logout", now)],
      [3, () => store.deleteByUser("ada", "revoked", now)],
      [1, () => store.deleteExpired(now, 100)],
      [1, () => store.time()],
    ];
    for (const [roundTrips, deed] of deeds) {
      queries.length = 0;
      await deed();
      assert.equal(queries.length, roundTrips, queries.map(({ text }) => text).join("\n"));
    }
  });

  test("no index is on what each touch changes, and pages have room for what is changed", async (t) => {
    const { pool, schema } = await open(t);
    const { rows: indexed } = await pool.query(
      `SELECT DISTINCT attname FROM pg_index
       JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
       WHERE indrelid = '${schema}.coatcheck_sessions'::regclass ORDER BY 1`,
    );
    assert.deepEqual(
      indexed.map(({ attname }) => attname),
      ["active_at", "created_at", "id", "user_id"],
    );
    const { rows } = await pool.query(
      `SELECT reloptions FROM pg_class WHERE oid = '${schema}.coatcheck_sessions'::regclass`,
    );
    assert.deepEqual(rows, [{ reloptions: ["fillfactor=80"] }]);
  });

  test("a find keeps its plan, and uses the index, however many it is asked for at once", async (t) => {
    const { store, pool, schema } = await openStore(t, { connectionString: postgres.url, max: 1 });
    const records = Array.from({ length: 500 }, () => sessionRecord());
    for (const record of records) await store.insert(record, now);
    await pool.query(`ANALYZE ${schema}.coatcheck_sessions`);
    for (const count of [1, 1, 7, 1, 300, 1, 2, 1, 500, 1]) {
      await Promise.all(records.slice(0, count).map((record) => assertKept(store, record)));
    }
    const { rows } = await pool.query(
      "SELECT generic_plans::int, custom_plans::int FROM pg_prepared_statements WHERE name LIKE 'coatcheck_find_%'",
    );
    assert.deepEqual(rows, [{ generic_plans: 5, custom_plans: 5 }]);
  });

  test("parsers that the application has set for its own queries change nothing", async (t) => {
    const { store } = await open(t);
    const record = fullRecord();
    await insertAll(store, [record], now);
    for (const type of [20, 25, 3802]) {
      const before = pg.types.getTypeParser(type as never);
      pg.types.setTypeParser(type as never, () => "spoilt");
      t.after(() => pg.types.setTypeParser(type as never, before as never));
    }
    await assertKept(store, record);
    await assertSessions(store, "ada", [record]);
    assert.ok((await store.time()) > 0);
  });

  test("what looks like SQL is text", async (t) => {
    const { store, pool, schema } = await open(t);
    const hostile = `'; DROP TABLE ${schema}.coatcheck_sessions; --`;
    const record = fullRecord({
      userId: hostile,
      amr: [hostile, '"}', "\\"],
      client: { ip: hostile, userAgent: `{"a":"${hostile}`, language: "$1" },
      data: JSON.stringify({ [hostile]: hostile, $1: "$2" }),
    });
    await insertAll(store, [record], now);
    await assertKept(store, record);
    const data = new Map([
      [`${hostile}"`, JSON.stringify(hostile)],
      ["$1", undefined],
    ]);
    assert.equal(await store.update(record.id, { data }, now), true);
    assert.deepEqual(JSON.parse((await sessionIn(store, record.id)).data), {
      [hostile]: hostile,
      [`${hostile}"`]: hostile,
    });
    for (const id of [hostile, "' OR '1'='1", '["', '","', "%", "{}"] as SessionId[]) {
      await assertUnknown(store, id);
      assert.equal(await store.update(id, { dataVersion: 2 }, now), false);
      assert.equal(await store.delete(id, "logout", now), undefined);
      assert.deepEqual(await store.deleteByUser(`${id} `, "revoked", now, id), []);
    }
    assert.equal((await store.deleteByUser(hostile, "revoked", now)).length, 1);
    const { rows } = await pool.query(`SELECT FROM ${schema}.coatcheck_sessions`);
    assert.equal(rows.length, 0);
  });

  test("plain ids, keys and addresses lie in the rows as they are, for those who look there", async (t) => {
    const { store, pool, schema } = await open(t);
    await insertAll(store, [sessionRecord({ userId: "ada@example.com", data: '{"größe":[1.50,"x"]}' })], now);
    const { rows } = await pool.query(
      `SELECT user_id, client::jsonb ->> 'ip' AS ip, data FROM ${schema}.coatcheck_sessions`,
    );
    assert.deepEqual(rows, [{ user_id: "ada@example.com", ip: "192.0.2.1", data: { größe: '[1.5,"x"]' } }]);
  });

  test("a damaged row opens nothing, disturbs nobody else, and can be ended", async (t) => {
    const damages = [
      "superseded = '[{}]'",
      "superseded = 'no JSON'",
      "pending = '{}'",
      "amr = '{}'",
      "client = '[]'",
      `client = '{"ip":1}'`,
      "data = '[]'",
      `data = '{"a":1}'`,
      "user_id = '\\x'",
      "expires_at = 9223372036854775807",
    ];
    for (const damage of damages) {
      const { store, pool, schema } = await open(t);
      const [damaged, sound] = [sessionRecord(), sessionRecord({ userId: "grace" })];
      await insertAll(store, [damaged, sound], now);
      await pool.query(`UPDATE ${schema}.coatcheck_sessions SET ${damage} WHERE id = '${damaged.id}'`);
      const [found] = await Promise.allSettled([store.find(damaged.id), assertKept(store, sound)]);
      assert.equal(found.status, "rejected", damage);
      await assert.rejects(store.delete(damaged.id, "revoked", now));
      await assertEnded(store, damaged, "revoked", now);
    }
  });

  test("the time is the server's, to the millisecond", async (t) => {
    const { store } = await open(t);
    const before = Date.now();
    const time = await store.time();
    assert.ok(time >= before - 1 && time <= Date.now() + 1, `${time - before} ms off`);
  });

  test("a pooler that keeps no prepared statements is reported once, and no request fails", async (t) => {
    await using bouncer = await startPgBouncer(postgres.url);
    const reported = once(process, "warning");
    const { store, pool, schema } = await openStore(t, { connectionString: bouncer.url });
    const record = sessionRecord();
    await insertAll(store, [record], now);
    for (let round = 1; round <= 20; round++) {
      const changes = Array.from({ length: 10 }, () => store.update(record.id, { dataVersion: 2 }, now));
      const finds = Array.from({ length: 10 }, () => store.findByUser("ada"));
      assert.ok((await Promise.all(changes)).every(Boolean));
      await Promise.all(finds);
      await assertKept(store, { ...record, dataVersion: 2 });
    }
    const [warning] = await reported;
    assert.equal(warning.code, "COATCHECK_PREPARED_STATEMENTS");
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});

/** Gives the rows of each answer from the last to the first. */
function backwards(pool: pg.Pool): PostgresPool {
  const { observed } = observe(pool);
  return {
    ...observed,
    async connect() {
      const client = await observed.connect();
      return {
        ...client,
        query: (query, callback) =>
          client.query(query, (error, result) =>
            callback(error, result && { rows: result.rows.toReversed() }),
          ),
      };
    },
  };
}
