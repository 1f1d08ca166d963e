import assert from "node:assert/strict";
import { type EndReason, tombstoneLifetime } from "../../../core/store.ts";
import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../case.ts";
import {
  assertEnded,
  assertKept,
  assertSame,
  assertSessions,
  assertUnknown,
  insertAll,
} from "../expectations.ts";

const now = beginning + 1;

export const end: StoreCases = {
  "ends a session, leaving a tombstone; returns what it ended, so that exactly one of two racing callers has it":
    async ({ store, elsewhere }) => {
      const [record, other] = [fullRecord(), sessionRecord()];
      await insertAll(store, [record, other], now);
      const answers = await Promise.all([
        store.delete(record.id, "logout", now),
        elsewhere.delete(record.id, "logout", now),
      ]);
      assertSame(
        answers.filter((answer) => answer !== undefined),
        [record],
      );
      await assertEnded(store, record, "logout", now);
      await assertKept(store, other);
    },

  "a tombstone says its id, its family, its reason and until when, and nothing else": async ({ store }) => {
    const record = fullRecord();
    await insertAll(store, [record], now);
    await store.delete(record.id, "theft", now);
    const { id, familyHash } = record;
    const found = { ...(await store.find(id)) };
    assert.deepEqual(found, { id, familyHash, reason: "theft", until: now + tombstoneLifetime });
  },

  "every reason is told as it was given": async ({ store }) => {
    for (const reason of Object.keys(reasons) as EndReason[]) {
      const record = sessionRecord();
      await insertAll(store, [record], now);
      await store.delete(record.id, reason, now);
      await assertEnded(store, record, reason, now);
    }
  },

  "a session ends once: the first reason stays": async ({ store, elsewhere }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await store.delete(record.id, "logout", now);
    assert.equal(await elsewhere.delete(record.id, "theft", now + 5), undefined);
    assert.deepEqual(await elsewhere.deleteByUser("ada", "revoked", now + 5), []);
    await assertEnded(store, record, "logout", now);
  },

  "ending what never was leaves no tombstone": async ({ store }) => {
    const { id } = sessionRecord();
    assert.equal(await store.delete(id, "logout", now), undefined);
    await assertUnknown(store, id);
  },

  "returns what it ended as it was last changed": async ({ store, elsewhere }) => {
    const [record, other] = [sessionRecord(), sessionRecord()];
    await insertAll(store, [record, other], now);
    for (const { id } of [record, other]) await elsewhere.update(id, { dataVersion: 2 }, now);
    const ended = await store.delete(record.id, "logout", now);
    assertSame([ended!], [{ ...record, dataVersion: 2 }]);
    assertSame(await store.deleteByUser("ada", "revoked", now), [{ ...other, dataVersion: 2 }]);
  },
};

export const deleteByUser: StoreCases = {
  "ends all sessions of a user but `except`, in one step, leaving tombstones; returns what it ended": async ({
    store,
    elsewhere,
  }) => {
    const records = [fullRecord(), sessionRecord(), fullRecord(), sessionRecord()];
    // With ids on both sides of it: a comparison in place of an inequality would spare some.
    const kept = records.toSorted((a, b) => (a.id < b.id ? -1 : 1))[1]!;
    const ended = records.filter((record) => record !== kept);
    const stranger = sessionRecord({ userId: "grace" });
    await insertAll(store, [...records, stranger], now);
    assertSame(await elsewhere.deleteByUser("ada", "credentials-changed", now, kept.id), ended);
    for (const record of ended) await assertEnded(store, record, "credentials-changed", now);
    await assertSessions(store, "ada", [kept]);
    await assertSessions(store, "grace", [stranger]);
    await assertKept(store, kept);
  },

  "without `except` no session is left": async ({ store }) => {
    const records = Array.from({ length: 30 }, () => sessionRecord());
    await insertAll(store, records, now);
    assertSame(await store.deleteByUser("ada", "revoked", now), records);
    await assertSessions(store, "ada", []);
    for (const record of records) await assertEnded(store, record, "revoked", now);
  },

  "an `except` that is not the user's spares nobody": async ({ store }) => {
    const [hers, his] = [sessionRecord(), sessionRecord({ userId: "grace" })];
    await insertAll(store, [hers, his], now);
    assertSame(await store.deleteByUser("ada", "revoked", now, his.id), [hers]);
    await assertKept(store, his);
  },

  "of nobody, or but for the only one, it ends nothing": async ({ store }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    assert.deepEqual(await store.deleteByUser("nobody", "revoked", now), []);
    assert.deepEqual(await store.deleteByUser("ada", "revoked", now, record.id), []);
    await assertKept(store, record);
  },
};

/** The compiler demands that none is left out. */
const reasons: Record<EndReason, true> = {
  logout: true,
  revoked: true,
  evicted: true,
  replaced: true,
  theft: true,
  fingerprint: true,
  expired: true,
  "credentials-changed": true,
  "account-changed": true,
};
