import assert from "node:assert/strict";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import { spoil } from "../../store/spoil.ts";
import {
  assertRemembered,
  assertUserHas,
  countPruned,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

export const port: RememberCases = {
  "methods reject only when the backend itself fails": async ({ store }) => {
    const [removed, unknown] = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(store, [removed], now);
    await store.delete(removed.id);
    for (const { id, sessionId } of [removed, unknown]) {
      assert.equal(await store.find(id), undefined);
      assert.equal(await store.findBySession(sessionId), undefined);
      assert.equal(await store.update(id, { secret: usedSecret() }, now, 7), false);
      assert.equal(await store.delete(id), undefined);
      assert.equal(await store.deleteBySession(sessionId), undefined);
      assert.deepEqual(await store.deleteByUser("nobody", sessionId), []);
    }
    assert.deepEqual(await store.findByUser("nobody"), []);
    assert.equal(await countPruned(store, now), 0);
  },

  "stores are given the time as `now` and never judge by a clock of their own": async ({ store }) => {
    for (const then of [Date.UTC(2001, 0, 1), Date.UTC(2100, 0, 1)]) {
      const record = rememberRecord({ createdAt: then, lastUsedAt: then, expiresAt: then + 1_000 });
      await rememberAll(store, [record], then);
      await assertRemembered(store, record);
      const use = { secret: usedSecret(), sessionId: newSessionId(), lastUsedAt: then + 1 };
      assert.equal(await store.update(record.id, use, then + 999, 0), true);
      assert.equal(await store.update(record.id, use, then + 1_000, 1), false);
      assert.equal(await countPruned(store, then + 999), 0);
      const found = await store.findBySession(use.sessionId);
      assert.equal(found?.lastUsedAt, then + 1);
      assert.equal(await countPruned(store, then + 1_000), 1);
    }
  },

  "a record is immutable: what becomes of the one that was inserted does not change the store": async ({
    store,
  }) => {
    const record = fullRememberRecord();
    const asInserted = structuredClone(record);
    await rememberAll(store, [record], now);
    spoil(record);
    await assertRemembered(store, asInserted);
    await assertUserHas(store, "ada", [asInserted]);
  },

  "a record is immutable: what becomes of those that were given out does not change the store": async ({
    store,
  }) => {
    const record = fullRememberRecord();
    const asInserted = structuredClone(record);
    await rememberAll(store, [record], now);
    spoil(await store.find(record.id));
    spoil(await store.findBySession(asInserted.sessionId));
    spoil(await store.findBySession(asInserted.formerSessionId!));
    spoil(await store.findByUser("ada"));
    await assertRemembered(store, asInserted);
  },

  "a change is read when it is made: what becomes of it later does not change the store": async ({
    store,
  }) => {
    const record = rememberRecord();
    await rememberAll(store, [record], now);
    const change = { secret: usedSecret(), sessionId: newSessionId() };
    const { secret, sessionId } = structuredClone(change);
    assert.equal(await store.update(record.id, change, now, 0), true);
    spoil(change);
    const formerSessionId = record.sessionId;
    await assertRemembered(store, { ...record, ...secret, sessionId, formerSessionId, secretRevision: 1 });
  },
};
