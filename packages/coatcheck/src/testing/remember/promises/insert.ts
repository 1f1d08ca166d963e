import assert from "node:assert/strict";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import {
  assertForgotten,
  assertRemembered,
  assertUserHas,
  countPruned,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

export const insert: RememberCases = {
  "adds a remembered browser; never overwrites": async ({ store, elsewhere }) => {
    const record = rememberRecord();
    assert.equal(await store.insert(record, now), true);
    const impostor = rememberRecord({ id: record.id, userId: "mallory" });
    assert.equal(await elsewhere.insert(impostor, now), false);
    await assertRemembered(elsewhere, record);
    await assertUserHas(store, "mallory", []);
    await assertUserHas(store, "ada", [record]);
  },

  "false if its id or one of its sessions is known already": async ({ store, elsewhere }) => {
    const known = fullRememberRecord();
    await rememberAll(store, [known], now);
    const { id, sessionId, formerSessionId } = known;
    const clashes = [
      { id },
      { sessionId },
      { sessionId: formerSessionId! },
      { formerSessionId: sessionId },
      { formerSessionId: formerSessionId! },
    ];
    for (const clash of clashes) {
      const record = rememberRecord(clash);
      assert.equal(await elsewhere.insert(record, now), false, JSON.stringify(clash));
      if (record.id !== id) assert.equal(await store.find(record.id), undefined);
    }
    await assertRemembered(elsewhere, known);
    await assertUserHas(store, "ada", [known]);
  },

  "a record that was not inserted leaves nothing": async ({ store }) => {
    const known = rememberRecord();
    await rememberAll(store, [known], now);
    const other = fullRememberRecord({ formerSessionId: known.sessionId });
    assert.equal(await store.insert(other, now), false);
    assert.equal(await store.findBySession(other.sessionId), undefined);
    assert.equal(await store.insert(rememberRecord({ sessionId: other.sessionId }), now), true);
  },

  "an expired record is known until it is removed": async ({ store }) => {
    const record = rememberRecord({ expiresAt: now + 1 });
    await rememberAll(store, [record], now);
    assert.equal(await store.insert(record, now + 1), false);
    await countPruned(store, now + 1);
    assert.equal(await store.insert(record, now), true);
  },

  "what was removed is known no more, in whatever way": async ({ store, elsewhere }) => {
    const record = fullRememberRecord({ expiresAt: now + 1 });
    const removals = [
      () => store.delete(record.id),
      () => store.deleteBySession(record.sessionId),
      () => store.deleteBySession(record.formerSessionId!),
      () => store.deleteByUser("ada"),
      () => countPruned(store, now + 1),
    ];
    for (const remove of removals) {
      await rememberAll(elsewhere, [record], now);
      await remove();
      await assertForgotten(elsewhere, record);
    }
    await rememberAll(elsewhere, [record], now);
  },

  "a session that is the former one no more is known no more": async ({ store, elsewhere }) => {
    const record = rememberRecord();
    await rememberAll(store, [record], now);
    for (const revision of [0, 1]) {
      const use = { secret: usedSecret(), sessionId: newSessionId() };
      assert.equal(await store.update(record.id, use, now, revision), true);
    }
    await rememberAll(elsewhere, [rememberRecord({ sessionId: record.sessionId })], now);
  },

  "keeps every field of a record, given or left out": async ({ store, elsewhere }) => {
    const records = [
      rememberRecord(),
      fullRememberRecord(),
      fullRememberRecord({ client: {} }),
      fullRememberRecord({ client: { userAgent: "curl/8" } }),
      fullRememberRecord({ client: { userAgent: `'"\\\n\0\u2028\u{1f9e5}%s$1{}[]` } }),
      fullRememberRecord({ superseded: [] }),
    ];
    await rememberAll(store, records, now);
    for (const record of records) await assertRemembered(elsewhere, record);
    await assertUserHas(elsewhere, "ada", records);
  },
};
