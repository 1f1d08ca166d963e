import assert from "node:assert/strict";
import { type SessionRecord, type SessionStore, tombstoneLifetime } from "../../../core/store.ts";
import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import { walk } from "../../walk.ts";
import type { StoreCases } from "../case.ts";
import {
  assertEnded,
  assertKept,
  assertSame,
  assertSessions,
  assertUnknown,
  insertAll,
} from "../expectations.ts";

const now = beginning + 60_000;

export const prune: StoreCases = {
  "looks at no more than about `batch` sessions and tombstones from `from` on and removes those that expired":
    async ({ store, elsewhere }) => {
      const dead = many(60, now);
      const live = many(20, now + 1);
      await insertAll(store, [...dead, ...live], beginning);
      const looks = await walk(elsewhere, beginning, 10);
      assert.ok(looks.length > 3, `${looks.length} steps of 10`);
      const steps = await walk(elsewhere, now, 10);
      for (const { expired } of steps) assert.ok(expired.length <= 20, `${expired.length} in a step of 10`);
      assertSame(
        steps.flatMap(({ expired }) => expired),
        dead,
      );
      for (const { id } of dead) await assertUnknown(store, id);
      for (const record of live) await assertKept(store, record);
      await assertSessions(store, "ada", live);
    },

  "leaves no tombstones": async ({ store }) => {
    const record = fullRecord({ expiresAt: now });
    await insertAll(store, [record], beginning);
    assertSame(await pruned(store, now), [record]);
    await assertUnknown(store, record.id);
    await assertSessions(store, "ada", []);
    assert.equal(await store.delete(record.id, "logout", now), undefined);
    await assertUnknown(store, record.id);
  },

  "`from` is the `next` of an earlier step, or undefined to begin": async ({ store, elsewhere }) => {
    const dead = many(30, now);
    await insertAll(store, dead, beginning);
    const first = await store.deleteExpired(now, 10);
    assert.notEqual(first.next, undefined, "A step of 10 has walked over 30");
    const second = await elsewhere.deleteExpired(now, 10, first.next);
    const rest = await pruned(store, now);
    assertSame([...first.expired, ...second.expired, ...rest], dead);
  },

  "the walk has come to an end where there is nothing to walk over": async ({ store }) => {
    assert.deepEqual(await pruned(store, now), []);
  },

  "a session is removed from the millisecond of its deadline on": async ({ store }) => {
    const record = sessionRecord({ expiresAt: now });
    await insertAll(store, [record], beginning);
    assert.deepEqual(await pruned(store, now - 1), []);
    await assertKept(store, record);
    assertSame(await pruned(store, now), [record]);
  },

  "a session that was touched meanwhile is not removed": async ({ store, elsewhere }) => {
    const record = sessionRecord({ expiresAt: now });
    await insertAll(store, [record], beginning);
    await elsewhere.update(record.id, { seen: { lastSeenAt: now - 1, expiresAt: now + 1 } }, now - 1);
    assert.deepEqual(await pruned(store, now), []);
    assertSame(await pruned(store, now + 1), [{ ...record, lastSeenAt: now - 1, expiresAt: now + 1 }]);
  },

  "a tombstone is kept until its time, and dropped after it": async ({ store }) => {
    // The later one first, as after a step of the clock.
    const [late, early] = [sessionRecord(), sessionRecord()];
    await insertAll(store, [late, early], now);
    await store.delete(late.id, "logout", now + 2_000);
    await store.delete(early.id, "revoked", now);
    await walk(store, now + tombstoneLifetime - 1, 10);
    await assertEnded(store, early, "revoked", now);
    await walk(store, now + tombstoneLifetime + 1, 10);
    await assertUnknown(store, early.id);
    await assertEnded(store, late, "logout", now + 2_000);
    await walk(store, now + tombstoneLifetime + 2_001, 10);
    await assertUnknown(store, late.id);
  },

  "tombstones are walked over in bounded steps too": async ({ store }) => {
    const gone = many(60, now + 1);
    await insertAll(store, gone, beginning);
    await store.deleteByUser("ada", "revoked", beginning);
    const steps = await walk(store, now + tombstoneLifetime, 10);
    assert.ok(steps.length >= 3, `60 tombstones in ${steps.length} steps of 10`);
    for (const { id } of gone) await assertUnknown(store, id);
  },

  "what is there during the whole walk is not missed, whatever comes and goes": async ({
    store,
    elsewhere,
  }) => {
    const dead = many(40, now);
    const leaving = many(40, now + 1);
    await insertAll(store, shuffled([...dead, ...leaving]), beginning);
    const expired: SessionRecord[] = [];
    let from: string | undefined;
    do {
      const step = await store.deleteExpired(now, 10, from);
      expired.push(...step.expired);
      from = step.next;
      for (const { id } of leaving.splice(0, 4)) await elsewhere.delete(id, "logout", now);
      await insertAll(elsewhere, many(3, now + 1), now);
    } while (from !== undefined);
    assertSame(expired, dead);
  },

  "what comes in behind the walk is left to the next one": async ({ store }) => {
    await insertAll(store, many(20, now + 1), beginning);
    const { next } = await store.deleteExpired(now, 10);
    const late = many(20, now);
    await insertAll(store, late, beginning);
    let from = next;
    const found: SessionRecord[] = [];
    while (from !== undefined) {
      const step = await store.deleteExpired(now, 10, from);
      found.push(...step.expired);
      from = step.next;
    }
    assertSame([...found, ...(await pruned(store, now))], late);
  },
};

function many(count: number, expiresAt: number): SessionRecord[] {
  return Array.from({ length: count }, () => sessionRecord({ expiresAt }));
}

/** In the order of their ids, which are random. */
function shuffled(records: readonly SessionRecord[]): SessionRecord[] {
  return records.toSorted((a, b) => (a.id.slice(3) < b.id.slice(3) ? -1 : 1));
}

async function pruned(store: SessionStore, now: number): Promise<SessionRecord[]> {
  return (await walk(store, now, 10)).flatMap(({ expired }) => expired);
}
