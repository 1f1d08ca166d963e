import assert from "node:assert/strict";
import { isEnded } from "../../../core/store.ts";
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

const now = beginning;

export const find: StoreCases = {
  "a live record, the tombstone of an ended one, or undefined": async ({ store, elsewhere }) => {
    const [live, ended, unknown] = [fullRecord(), fullRecord(), fullRecord()];
    await insertAll(store, [live, ended], now);
    await store.delete(ended.id, "theft", now);
    for (const each of [store, elsewhere]) {
      await assertKept(each, live);
      await assertEnded(each, ended, "theft", now);
      await assertUnknown(each, unknown.id);
    }
  },

  "what is asked together, also twice, each gets its own answer": async ({ store }) => {
    const [one, other, ended, unknown] = [fullRecord(), fullRecord(), fullRecord(), fullRecord()];
    await insertAll(store, [one, other, ended], now);
    await store.delete(ended.id, "theft", now);
    const asked = [one, ended, other, one, unknown, ended, one];
    const found = await Promise.all(asked.map(({ id }) => store.find(id)));
    assert.deepEqual(
      found.map((each) => (each && isEnded(each) ? `ended: ${each.reason}` : each?.id)),
      [one.id, "ended: theft", other.id, one.id, undefined, "ended: theft", one.id],
    );
  },

  "may return expired records: the core judges": async ({ store }) => {
    const record = sessionRecord({ expiresAt: now + 1 });
    await insertAll(store, [record], now);
    await store.update(record.id, {}, now + 1);
    const found = await store.find(record.id);
    if (found) assertSame([found], [record]);
  },

  "sees whatever was answered before it was asked": async ({ store, elsewhere }) => {
    for (let turns = 0; turns < 8; turns++) {
      const record = sessionRecord();
      await insertAll(store, [record], now);
      // An answer that is under way is older than the end of the session.
      const early = [store.find(record.id), elsewhere.find(record.id)];
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await store.delete(record.id, "logout", now);
      await Promise.all([store, elsewhere].map((each) => assertEnded(each, record, "logout", now)));
      await Promise.all(early);
    }
  },

  "is exact: neither a part of an id nor another spelling of it finds anything": async ({ store }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    const others = [record.id.slice(0, -1), `${record.id}A`, swapCase(record.id), `${record.id} `, "%", "*"];
    for (const id of others) assert.equal(await store.find(id as typeof record.id), undefined);
  },
};

export const findByUser: StoreCases = {
  "the user's sessions in any order, expired ones that were not pruned yet included": async ({
    store,
    elsewhere,
  }) => {
    const hers = [fullRecord(), sessionRecord({ expiresAt: now + 1 }), sessionRecord()];
    const his = sessionRecord({ userId: "grace" });
    await insertAll(store, [...hers, his], now);
    assert.equal(await store.update(hers[1]!.id, {}, now + 1), false);
    await assertSessions(elsewhere, "ada", hers);
    await assertSessions(elsewhere, "grace", [his]);
  },

  "a user without sessions has none, and ended ones are none": async ({ store }) => {
    await assertSessions(store, "ada", []);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await store.delete(record.id, "logout", now);
    await assertSessions(store, "ada", []);
  },

  "shows changes as `find` does": async ({ store, elsewhere }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await elsewhere.update(record.id, { dataVersion: 2, data: new Map([["theme", '"light"']]) }, now);
    const found = await store.find(record.id);
    assert.ok(found && !isEnded(found));
    await assertSessions(store, "ada", [found]);
    assert.equal(found.dataVersion, 2);
  },
};

function swapCase(text: string): string {
  return Array.from(text, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join("");
}
