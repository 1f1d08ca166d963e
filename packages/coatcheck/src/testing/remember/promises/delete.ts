import assert from "node:assert/strict";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import {
  assertForgotten,
  assertRemembered,
  assertSame,
  assertUserHas,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

export const deleteOne: RememberCases = {
  "removes a record; returns it, so that exactly one of two racing callers has it": async ({
    store,
    elsewhere,
  }) => {
    const [record, other] = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(store, [record, other], now);
    assertSame(await Promise.all([store.delete(record.id), elsewhere.delete(record.id)]), [record]);
    await assertForgotten(store, record);
    await assertRemembered(store, other);
    assert.equal(await store.delete(record.id), undefined);
  },

  "returns what it removed as it was last changed": async ({ store, elsewhere }) => {
    const records = Array.from({ length: 3 }, () => rememberRecord());
    await rememberAll(store, records, now);
    const changed = [];
    for (const record of records) {
      const use = { secret: usedSecret(), sessionId: newSessionId() };
      assert.equal(await elsewhere.update(record.id, use, now, 0), true);
      changed.push((await store.find(record.id))!);
    }
    assertSame([await store.delete(changed[0]!.id)], changed.slice(0, 1));
    assertSame([await store.deleteBySession(changed[1]!.sessionId)], changed.slice(1, 2));
    assertSame(await store.deleteByUser("ada"), changed.slice(2));
  },

  "an expired record is removed as any other": async ({ store }) => {
    const records = Array.from({ length: 3 }, () => rememberRecord({ expiresAt: now - 1 }));
    await rememberAll(store, records, now);
    assertSame([await store.delete(records[0]!.id)], records.slice(0, 1));
    assertSame([await store.deleteBySession(records[1]!.sessionId)], records.slice(1, 2));
    assertSame(await store.deleteByUser("ada"), records.slice(2));
  },
};

export const deleteBySession: RememberCases = {
  "removes the record whose session, or former session, this is; returns it": async ({
    store,
    elsewhere,
  }) => {
    const [one, another, other] = [fullRememberRecord(), fullRememberRecord(), fullRememberRecord()];
    await rememberAll(store, [one, another, other], now);
    assertSame([await elsewhere.deleteBySession(one.sessionId)], [one]);
    assertSame([await elsewhere.deleteBySession(another.formerSessionId!)], [another]);
    for (const removed of [one, another]) {
      await assertForgotten(store, removed);
      assert.equal(await store.deleteBySession(removed.sessionId), undefined);
      assert.equal(await store.deleteBySession(removed.formerSessionId!), undefined);
    }
    await assertRemembered(store, other);
  },

  "a session that the browser has not had lately removes nothing": async ({ store }) => {
    const record = rememberRecord();
    await rememberAll(store, [record], now);
    for (const revision of [0, 1]) {
      const use = { secret: usedSecret(), sessionId: newSessionId() };
      assert.equal(await store.update(record.id, use, now, revision), true);
    }
    for (const sessionId of [record.sessionId, newSessionId()]) {
      assert.equal(await store.deleteBySession(sessionId), undefined);
    }
    await assertRemembered(store, (await store.find(record.id))!);
  },
};

export const deleteByUser: RememberCases = {
  "removes all records of a user but the one whose session is `except`, in one step; returns them": async ({
    store,
    elsewhere,
  }) => {
    const [kept, stranger] = [fullRememberRecord(), rememberRecord({ userId: "grace" })];
    const removed = [fullRememberRecord(), rememberRecord(), fullRememberRecord()];
    await rememberAll(store, [removed[0]!, kept, stranger, ...removed.slice(1)], now);
    assertSame(await elsewhere.deleteByUser("ada", kept.sessionId), removed);
    for (const record of removed) await assertForgotten(store, record);
    await assertUserHas(store, "ada", [kept]);
    for (const record of [kept, stranger]) await assertRemembered(store, record);
  },

  "a former session spares nobody": async ({ store }) => {
    const record = fullRememberRecord();
    await rememberAll(store, [record], now);
    assertSame(await store.deleteByUser("ada", record.formerSessionId), [record]);
    await assertForgotten(store, record);
  },

  "without `except` no record is left": async ({ store }) => {
    const records = Array.from({ length: 30 }, () => fullRememberRecord());
    await rememberAll(store, records, now);
    assertSame(await store.deleteByUser("ada"), records);
    for (const record of records) await assertForgotten(store, record);
  },

  "an `except` that is another user's, or the id of a record, spares nobody": async ({ store }) => {
    const hers = [rememberRecord(), rememberRecord()];
    const his = rememberRecord({ userId: "grace" });
    await rememberAll(store, [...hers, his], now);
    assertSame(await store.deleteByUser("ada", his.sessionId), hers);
    await assertRemembered(store, his);
    assertSame(await store.deleteByUser("grace", his.id), [his]);
  },

  "of nobody, or but for the only one, it removes nothing": async ({ store }) => {
    const record = rememberRecord();
    await rememberAll(store, [record], now);
    assert.deepEqual(await store.deleteByUser("nobody"), []);
    assert.deepEqual(await store.deleteByUser("ada", record.sessionId), []);
    await assertRemembered(store, record);
  },
};
