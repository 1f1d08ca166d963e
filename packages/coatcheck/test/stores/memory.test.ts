import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { rememberRecord } from "../../src/testing/remember-record.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
import {
  assertAccepted,
  assertEnded,
  assertKept,
  assertUnknown,
  evictAt,
  insertAll,
} from "../../src/testing/store/expectations.ts";
import { describeSessionStore, type StoreBackend } from "../../src/testing/store-suite.ts";
import { rememberedIn } from "./remembered.ts";

const open = (): StoreBackend => {
  const store = new MemorySessionStore();
  return { connect: () => store, close: () => {} };
};

describeSessionStore("memory", { open });
describeRememberStore("memory", { open: rememberedIn(open) });

const now = beginning;

describe("A memory store that is full", () => {
  test("drops what has expired", async () => {
    const store = new MemorySessionStore({ maximumSessions: 3 });
    const [live, dead] = [sessionRecord(), sessionRecord({ expiresAt: now + 1 })];
    await insertAll(store, [live, dead, sessionRecord({ expiresAt: now + 1 })], now);
    const next = [sessionRecord(), sessionRecord()];
    await insertAll(store, next, now + 1);
    await assertUnknown(store, dead.id);
    for (const record of [live, ...next]) await assertKept(store, record);
  });

  test("refuses the newcomer rather than end somebody's session", async () => {
    const store = new MemorySessionStore({ maximumSessions: 2 });
    const records = [sessionRecord(), sessionRecord()];
    await insertAll(store, records, now);
    const next = sessionRecord({ userId: "mallory" });
    await assert.rejects(store.insert(next, now), /full: 2 live sessions.*maximumSessions/);
    await assert.rejects(store.insert(next, now, evictAt(1)), /full/);
    for (const record of records) await assertKept(store, record);
    await assertUnknown(store, next.id);
  });

  test("takes a session in place of one that ends", async () => {
    const store = new MemorySessionStore({ maximumSessions: 1 });
    const [replaced, evicted, last] = [sessionRecord(), sessionRecord(), sessionRecord()];
    await insertAll(store, [replaced], now);
    const replacing = evictAt(5, replaced.id);
    await assertAccepted(store.insert(evicted, now, replacing), [{ record: replaced, reason: "replaced" }]);
    await assertAccepted(store.insert(last, now, evictAt(1)), [{ record: evicted, reason: "evicted" }]);
    await assertKept(store, last);
  });

  test("keeps as many tombstones as sessions, the newest", async () => {
    const store = new MemorySessionStore({ maximumSessions: 2 });
    const ended = [sessionRecord(), sessionRecord(), sessionRecord()];
    for (const record of ended) {
      await insertAll(store, [record], now);
      await store.delete(record.id, "logout", now);
    }
    await assertUnknown(store, ended[0]!.id);
    for (const record of ended.slice(1)) await assertEnded(store, record, "logout", now);
  });
});

describe("A memory store that has as many remembered browsers as it may", () => {
  test("drops what has expired, and otherwise refuses the newcomer", async () => {
    const { remember } = new MemorySessionStore({ maximumSessions: 2 });
    const [dead, live] = [rememberRecord({ expiresAt: now + 1 }), rememberRecord()];
    for (const record of [dead, live]) assert.equal(await remember.insert(record, now), true);
    await assert.rejects(remember.insert(rememberRecord(), now), /full: 2 remembered browsers/);
    assert.equal(await remember.insert(rememberRecord(), now + 1), true);
    assert.equal(await remember.find(dead.id), undefined);
    await assert.rejects(remember.insert(rememberRecord(), now + 1), /full/);
    assert.ok(await remember.find(live.id));
  });
});

describe("MemorySessionStore", () => {
  test("refuses a maximum that makes no sense", () => {
    for (const maximumSessions of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new MemorySessionStore({ maximumSessions }), TypeError);
    }
  });
});
