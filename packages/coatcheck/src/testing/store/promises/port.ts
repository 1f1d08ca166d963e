import assert from "node:assert/strict";
import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import { walk } from "../../walk.ts";
import type { StoreCases } from "../case.ts";
import {
  assertAccepted,
  assertKept,
  assertSame,
  assertSessions,
  evictAt,
  insertAll,
} from "../expectations.ts";
import { spoil } from "../spoil.ts";

const now = beginning;

export const port: StoreCases = {
  "methods reject only when the backend itself fails: found, ended, not there and failed are four outcomes, everywhere":
    async ({ store }) => {
      const [ended, unknown] = [sessionRecord(), sessionRecord()];
      await insertAll(store, [ended], now);
      await store.delete(ended.id, "logout", now);
      assert.ok(await store.find(ended.id));
      assert.equal(await store.find(unknown.id), undefined);
      for (const { id } of [ended, unknown]) {
        assert.equal(await store.update(id, { data: new Map([["a", "1"]]) }, now), false);
        assert.equal(await store.delete(id, "logout", now), undefined);
        assert.deepEqual(await store.deleteByUser("nobody", "revoked", now, id), []);
        await assertAccepted(store.insert(sessionRecord(), now, evictAt(100, id)));
      }
      await assertSessions(store, "nobody", []);
    },

  "stores are given the time as `now` and never judge by a clock of their own": async ({ store }) => {
    for (const then of [Date.UTC(2001, 0, 1), Date.UTC(2100, 0, 1)]) {
      const record = sessionRecord({ createdAt: then, lastSeenAt: then, expiresAt: then + 1_000 });
      await insertAll(store, [record], then);
      await assertKept(store, record);
      await assertSessions(store, "ada", [record]);
      const seen = { lastSeenAt: then + 1, expiresAt: then + 2_000 };
      assert.equal(await store.update(record.id, { seen }, then + 999), true);
      assert.equal(await store.update(record.id, {}, then + 2_000), false);
      await walk(store, then + 1_999, 10);
      await assertKept(store, { ...record, ...seen });
      const expired = (await walk(store, then + 2_000, 10)).flatMap((step) => step.expired);
      assertSame(expired, [{ ...record, ...seen }]);
    }
  },

  "a record is immutable: what becomes of the one that was inserted does not change the store": async ({
    store,
  }) => {
    const record = fullRecord();
    const asInserted = structuredClone(record);
    await insertAll(store, [record], now);
    spoil(record);
    await assertKept(store, asInserted);
    await assertSessions(store, "ada", [asInserted]);
  },

  "a record is immutable: what becomes of those that were given out does not change the store": async ({
    store,
  }) => {
    const [record, evicted, pruned] = [
      fullRecord(),
      fullRecord({ createdAt: 0 }),
      fullRecord({ expiresAt: now }),
    ];
    const asInserted = structuredClone(record);
    await insertAll(store, [record, evicted, pruned], beginning - 1);
    spoil(await store.find(record.id));
    spoil(await store.findByUser("ada"));
    spoil(await walk(store, now, 10));
    spoil(await store.insert(sessionRecord({ userId: "ada" }), now, evictAt(2)));
    await assertKept(store, asInserted);
    spoil(await store.delete(record.id, "logout", now));
    spoil(await store.find(record.id));
    const tombstone = await store.find(record.id);
    assert.ok(tombstone && "reason" in tombstone);
    assert.equal(tombstone.reason, "logout");
    assert.equal(tombstone.familyHash, asInserted.familyHash);
  },

  "a change is read when it is made: what becomes of it later does not change the store": async ({
    store,
  }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    const { pending, superseded } = fullRecord();
    const secret = { secretHash: record.secretHash, secretIssuedAt: now, pending: pending!, superseded };
    const authentication = { authenticatedAt: now, amr: ["otp"], client: { ip: "192.0.2.7" } };
    const data = new Map([["theme", '"light"']]);
    const expected = structuredClone({ ...record, ...secret, ...authentication, secretRevision: 1 });
    assert.equal(await store.update(record.id, { secret, authentication, data }, now), true);
    spoil({ secret, authentication });
    data.set("theme", '"spoilt"');
    await assertKept(store, { ...expected, data: '{"theme":"light"}', dataRevision: 1 });
  },

  "proves that the backend answers": async ({ store, elsewhere }) => {
    await store.time();
    await elsewhere.time();
  },

  "gives the backend's own time in milliseconds, only ever compared with the node's, or undefined where both are the same clock":
    async ({ store }) => {
      const time = await store.time();
      if (time === undefined) return;
      assert.ok(time > Date.UTC(2020) && time < Date.UTC(2200), `${time} is no time in milliseconds`);
      assert.ok((await store.time())! >= time);
    },

  "how long one operation may take, in milliseconds, before callers get a `StoreUnavailableError`": async ({
    store,
  }) => {
    const { timeout } = store;
    assert.ok(timeout === undefined || timeout > 0, `timeout is ${timeout}`);
  },
};
