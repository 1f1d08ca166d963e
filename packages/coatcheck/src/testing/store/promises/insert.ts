import assert from "node:assert/strict";
import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../case.ts";
import {
  assertAccepted,
  assertEnded,
  assertKept,
  assertNotInserted,
  assertSessions,
  evictAt,
  insertAll,
} from "../expectations.ts";

const now = beginning;

export const insert: StoreCases = {
  // Proves ASVS 7.2.3.
  "adds a session; never overwrites": async ({ store, elsewhere }) => {
    const record = sessionRecord();
    await assertAccepted(store.insert(record, now));
    const impostor = sessionRecord({ id: record.id, userId: "mallory" });
    await assertNotInserted(elsewhere.insert(impostor, now), "duplicate");
    await assertKept(store, record);
    await assertSessions(elsewhere, "ada", [record]);
    await assertSessions(store, "mallory", []);
  },

  "an ended session is not overwritten either": async ({ store, elsewhere }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await store.delete(record.id, "logout", now);
    await assertNotInserted(elsewhere.insert(record, now), "duplicate");
    await assertEnded(store, record, "logout", now);
  },

  "a duplicate ends nobody, whatever the limit": async ({ store }) => {
    const [first, second] = [sessionRecord(), sessionRecord()];
    await insertAll(store, [first, second], now);
    await assertNotInserted(store.insert(second, now, evictAt(1, first.id)), "duplicate");
    await assertSessions(store, "ada", [first, second]);
  },

  "keeps every field of a record, given or left out": async ({ store, elsewhere }) => {
    const records = [
      sessionRecord(),
      fullRecord(),
      fullRecord({ client: {} }),
      fullRecord({ client: { userAgent: "curl/8" } }),
      fullRecord({ amr: [] }),
      fullRecord({ data: "{}" }),
    ];
    await insertAll(store, records, now);
    for (const record of records) await assertKept(elsewhere, record);
    await assertSessions(elsewhere, "ada", records);
    assert.deepEqual(await store.deleteByUser("grace", "revoked", now), []);
  },
};
