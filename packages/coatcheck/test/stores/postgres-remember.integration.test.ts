/** What is PostgreSQL's own about remembered browsers: round trips, plans, damage, fifty nodes at once. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { RememberStore } from "../../src/core/remember-store.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { beginning, usedSecret } from "../../src/testing/record.ts";
import {
  assertForgotten,
  assertRemembered,
  assertSame,
  assertUserHas,
  rememberAll,
} from "../../src/testing/remember/expectations.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../src/testing/remember-record.ts";
import { observe, openNodes, openStore, usePostgres } from "./postgres-nodes.ts";

const now = beginning;

describe("Remembered browsers in PostgreSQL", () => {
  const postgres = usePostgres();
  const open = (t: TestContext) => openStore(t, { connectionString: postgres.url });

  test("are asked for in one round trip, and removed together in three", async (t) => {
    const { pool, schema } = await open(t);
    const { queries, observed } = observe(pool);
    const { remember } = new PostgresSessionStore(observed, { schema });
    for (const [roundTrips, deed] of deedsOf(remember)) {
      queries.length = 0;
      await deed();
      assert.equal(queries.length, roundTrips, queries.map(({ text }) => text).join("\n"));
    }
  });

  for (const count of [0, 500]) {
    test(`are found by an index, whatever is asked, where there were ${count} when it was planned`, async (t) => {
      const { pool, schema, store } = await open(t);
      const users = Array.from({ length: count }, (_, index) => `user ${index}`);
      await rememberAll(
        store.remember,
        users.map((userId) => fullRememberRecord({ userId })),
        now,
      );
      if (count > 0) await pool.query(`ANALYZE ${schema}.coatcheck_remembered`);
      const { queries, observed } = observe(pool);
      const { remember } = new PostgresSessionStore(observed, { schema });
      for (const [, deed] of deedsOf(remember)) await deed();
      // Pruning, which passes over what is locked, walks small tables as it likes.
      const asked = queries.filter(
        ({ text }) => text.includes("coatcheck_remembered") && !text.includes("SKIP LOCKED"),
      );
      assert.equal(asked.length, 9);
      for (const { text, values } of asked) {
        const { rows } = await pool.query(`EXPLAIN ${text}`, values);
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        assert.doesNotMatch(plan, /Seq Scan on coatcheck_remembered/, `${text}\n${plan}`);
      }
    });
  }

  test("that are damaged open nothing, disturb nobody else, and can be removed", async (t) => {
    const damages = [
      "superseded = '[{}]'",
      "superseded = 'no JSON'",
      "pending = '{}'",
      "client = '[]'",
      "user_id = '\\x'",
      "expires_at = 9223372036854775807",
    ];
    for (const damage of damages) {
      const { store, pool, schema } = await open(t);
      const { remember } = store;
      const [damaged, sound] = [fullRememberRecord(), fullRememberRecord({ userId: "grace" })];
      await rememberAll(remember, [damaged, sound], now);
      await pool.query(`UPDATE ${schema}.coatcheck_remembered SET ${damage} WHERE id = '${damaged.id}'`);
      await assert.rejects(remember.find(damaged.id), damage);
      await assert.rejects(remember.findBySession(damaged.sessionId), damage);
      await assertRemembered(remember, sound);
      await assert.rejects(remember.deleteBySession(damaged.sessionId), damage);
      await assertForgotten(remember, damaged);
    }
  });

  test("that look like SQL are text", async (t) => {
    const { store, pool, schema } = await open(t);
    const hostile = `'; DROP TABLE ${schema}.coatcheck_remembered; --`;
    const record = fullRememberRecord({ userId: hostile, client: { ip: hostile, userAgent: "$1" } });
    await rememberAll(store.remember, [record], now);
    await assertRemembered(store.remember, record);
    assertSame(await store.remember.deleteByUser(hostile, hostile as typeof record.id), [record]);
    const { rows } = await pool.query(`SELECT FROM ${schema}.coatcheck_remembered`);
    assert.equal(rows.length, 0);
  });

  test("are used once at one revision, by fifty nodes at once", async (t) => {
    const nodes = (await openNodes(t, postgres.url, 50)).map((store) => store.remember);
    const record = rememberRecord();
    await rememberAll(nodes[0]!, [record], now);
    for (let revision = 0; revision < 10; revision++) {
      const uses = nodes.map(() => ({ secret: usedSecret(), sessionId: newSessionId() }));
      const answers = await Promise.all(
        nodes.map((node, index) => node.update(record.id, uses[index]!, now, revision)),
      );
      assert.equal(answers.filter(Boolean).length, 1);
      const { sessionId } = uses[answers.indexOf(true)]!;
      assert.equal((await nodes[1]!.find(record.id))?.sessionId, sessionId);
    }
  });

  test("are removed once by fifty nodes at once", async (t) => {
    const nodes = (await openNodes(t, postgres.url, 50)).map((store) => store.remember);
    const records = Array.from({ length: 100 }, () => fullRememberRecord());
    await rememberAll(nodes[0]!, records, now);
    const removed = await Promise.all(
      nodes.map((node, index) =>
        index % 2 === 0
          ? node.deleteByUser("ada")
          : node.deleteBySession(records[index]!.sessionId).then((one) => (one ? [one] : [])),
      ),
    );
    assertSame(removed.flat(), records);
    await assertUserHas(nodes[0]!, "ada", []);
  });
});

/** Every operation, with the number of its round trips. */
function deedsOf(
  remember: RememberStore,
): readonly (readonly [roundTrips: number, deed: () => Promise<unknown>])[] {
  const [record, other] = [fullRememberRecord(), fullRememberRecord()];
  const use = { secret: usedSecret(), sessionId: newSessionId(), lastUsedAt: now };
  return [
    [1, () => remember.insert(record, now)],
    [1, () => remember.insert(other, now)],
    [1, () => remember.find(record.id)],
    [1, () => remember.findBySession(record.sessionId)],
    [1, () => remember.findByUser("ada")],
    [1, () => remember.update(record.id, use, now, record.secretRevision)],
    [1, () => remember.delete(record.id)],
    [1, () => remember.deleteBySession(other.sessionId)],
    [3, () => remember.deleteByUser("ada", record.sessionId)],
    [1, () => remember.deleteExpired(now, 100)],
  ];
}
