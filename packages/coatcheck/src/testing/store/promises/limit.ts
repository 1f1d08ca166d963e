import assert from "node:assert/strict";
import type { EndReason, SessionRecord } from "../../../core/store.ts";
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
  refuseAt,
} from "../expectations.ts";

const now = beginning + 60_000;

export const limit: StoreCases = {
  "enforces `limit` in the same atomic step and returns what it ended": async ({ store, elsewhere }) => {
    const [oldest, middle] = [aged(3, fullRecord), aged(2)];
    const [newest, next] = [aged(1), aged(0)];
    await insertAll(store, [middle, newest, oldest], now);
    await assertAccepted(elsewhere.insert(next, now, evictAt(3)), ended("evicted", oldest));
    await assertEnded(store, oldest, "evicted", now);
    await assertSessions(store, "ada", [middle, newest, next]);
  },

  "up to the limit nobody leaves": async ({ store }) => {
    const [first, second, third] = [aged(3), aged(2), aged(1)];
    await assertAccepted(store.insert(first, now, evictAt(3)));
    await assertAccepted(store.insert(second, now, refuseAt(2)));
    await assertAccepted(store.insert(third, now, evictAt(3)));
    await assertSessions(store, "ada", [first, second, third]);
  },

  "a limit of one keeps the new session alone": async ({ store }) => {
    const [before, after] = [aged(1), aged(0)];
    await assertAccepted(store.insert(before, now, evictAt(1)));
    await assertAccepted(store.insert(after, now, evictAt(1)), ended("evicted", before));
    await assertSessions(store, "ada", [after]);
  },

  "as many of the oldest leave as it takes": async ({ store }) => {
    const [fourth, third, second, first] = [aged(1), aged(2), aged(3), aged(4)];
    await insertAll(store, [second, fourth, first, third], now);
    const next = aged(0);
    await assertAccepted(store.insert(next, now, evictAt(3)), ended("evicted", first, second));
    for (const record of [first, second]) await assertEnded(store, record, "evicted", now);
    await assertSessions(store, "ada", [third, fourth, next]);
  },

  "of sessions of the same age, the one with the lowest id is the oldest": async ({ store }) => {
    const twins = [aged(1), aged(1), aged(1)].sort((a, b) => (a.id < b.id ? -1 : 1));
    await insertAll(store, twins.toReversed(), now);
    await assertAccepted(store.insert(aged(0), now, evictAt(2)), ended("evicted", ...twins.slice(0, 2)));
  },

  "how lately a session was used does not make it younger": async ({ store }) => {
    const [old, young] = [aged(2), aged(1)];
    await insertAll(store, [old, young], now);
    const seen = { lastSeenAt: now, expiresAt: now + 60 * 60_000 };
    await store.update(old.id, { seen }, now);
    await assertAccepted(store.insert(aged(0), now, evictAt(2)), ended("evicted", { ...old, ...seen }));
    await assertKept(store, young);
  },

  "a refusal changed nothing": async ({ store, elsewhere }) => {
    const [first, second, dead] = [aged(2), aged(1), expiredAt(now)];
    await insertAll(store, [first, second, dead], beginning);
    await assertNotInserted(elsewhere.insert(aged(0), now, refuseAt(2)), "limit");
    await assertSessions(store, "ada", [first, second, dead]);
    for (const record of [first, second, dead]) await assertKept(store, record);
  },

  "expired sessions do not count and leave in the same step": async ({ store, elsewhere }) => {
    const [dead, dying] = [expiredAt(now), expiredAt(now + 1)];
    await insertAll(store, [dead, dying], beginning);
    const next = aged(0);
    await assertAccepted(elsewhere.insert(next, now, refuseAt(2)), ended("expired", dead));
    await assertEnded(store, dead, "expired", now);
    await assertSessions(store, "ada", [dying, next]);
  },

  "`replacing` is a session of the same user that the new one takes the place of. It does not count and leaves in the same step":
    async ({ store, elsewhere }) => {
      const [replaced, other] = [aged(1, fullRecord), aged(2)];
      await insertAll(store, [replaced, other], now);
      const next = aged(0);
      await assertAccepted(
        elsewhere.insert(next, now, refuseAt(2, replaced.id)),
        ended("replaced", replaced),
      );
      await assertEnded(store, replaced, "replaced", now);
      await assertSessions(store, "ada", [other, next]);
    },

  "a session is replaced where there is room for both, too": async ({ store }) => {
    const replaced = aged(1);
    await insertAll(store, [replaced], now);
    const next = aged(0);
    const limit = evictAt(Number.POSITIVE_INFINITY, replaced.id);
    await assertAccepted(store.insert(next, now, limit), ended("replaced", replaced));
    await assertSessions(store, "ada", [next]);
  },

  "what is replaced makes room, so that one less is evicted": async ({ store }) => {
    const [oldest, middle, replaced] = [aged(3), aged(2), aged(1)];
    await insertAll(store, [oldest, middle, replaced], now);
    await assertAccepted(store.insert(aged(0), now, evictAt(2, replaced.id)), [
      ...ended("replaced", replaced),
      ...ended("evicted", oldest),
    ]);
    await assertKept(store, middle);
  },

  "a replaced session that had expired leaves as expired": async ({ store }) => {
    const dead = expiredAt(now);
    await insertAll(store, [dead], beginning);
    await assertAccepted(store.insert(aged(0), now, evictAt(2, dead.id)), ended("expired", dead));
    await assertEnded(store, dead, "expired", now);
  },

  "`replacing` changes nothing about another user's session": async ({ store }) => {
    const stranger = sessionRecord({ userId: "grace" });
    await insertAll(store, [stranger], now);
    await assertAccepted(store.insert(aged(0), now, evictAt(1, stranger.id)));
    await assertKept(store, stranger);
    await assertNotInserted(store.insert(aged(0), now, refuseAt(1, stranger.id)), "limit");
    await assertKept(store, stranger);
  },

  "`replacing` an unknown or an ended session replaces nothing": async ({ store }) => {
    const gone = aged(1);
    await insertAll(store, [gone], now);
    await store.delete(gone.id, "logout", now);
    const next = aged(0);
    await assertAccepted(store.insert(next, now, refuseAt(2, gone.id)));
    await assertAccepted(store.insert(aged(0), now, refuseAt(2, sessionRecord().id)));
    await assertEnded(store, gone, "logout", now);
    await assertKept(store, next);
  },

  "other users' sessions neither count nor leave": async ({ store }) => {
    const strangers = [9, 8].map((seconds) =>
      aged(seconds, (fields) => sessionRecord({ ...fields, userId: "grace" })),
    );
    await insertAll(store, strangers, now);
    await assertAccepted(store.insert(aged(1), now, refuseAt(1)));
    await assertSessions(store, "grace", strangers);
  },

  "tombstones are counted nowhere": async ({ store }) => {
    const gone = [aged(3), aged(2), aged(1)];
    await insertAll(store, gone, now);
    await store.deleteByUser("ada", "revoked", now);
    await assertAccepted(store.insert(aged(0), now, refuseAt(1)));
    for (const record of gone) await assertEnded(store, record, "revoked", now);
  },

  "`Infinity` is no limit, and without a limit nobody leaves": async ({ store }) => {
    const before = [aged(3), aged(2)];
    await insertAll(store, before, now);
    const [third, fourth] = [aged(1), aged(0)];
    await assertAccepted(store.insert(third, now, refuseAt(Number.POSITIVE_INFINITY)));
    await assertAccepted(store.insert(fourth, now));
    await assertSessions(store, "ada", [...before, third, fourth]);
  },

  "who ended is found as a tombstone wherever one looks": async ({ store, elsewhere }) => {
    const [evicted, next] = [aged(1), aged(0)];
    await insertAll(store, [evicted], now);
    assert.equal((await store.insert(next, now, evictAt(1))).inserted, true);
    await assertEnded(elsewhere, evicted, "evicted", now);
    await assertKept(elsewhere, next);
  },
};

/** A session of Ada's that began some seconds ago. */
function aged(seconds: number, build: (fields: Partial<SessionRecord>) => SessionRecord = sessionRecord) {
  return build({ createdAt: now - seconds * 1000 });
}

function expiredAt(expiresAt: number): SessionRecord {
  return sessionRecord({ createdAt: beginning - 1, expiresAt });
}

function ended(reason: EndReason, ...records: SessionRecord[]) {
  return records.map((record) => ({ record, reason }));
}
