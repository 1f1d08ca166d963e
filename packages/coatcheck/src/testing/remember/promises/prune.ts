import assert from "node:assert/strict";
import type { RememberRecord } from "../../../core/remember-store.ts";
import { beginning } from "../../record.ts";
import { fullRememberRecord, rememberRecord } from "../../remember-record.ts";
import { walk } from "../../walk.ts";
import {
  assertForgotten,
  assertRemembered,
  assertUserHas,
  countPruned,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning + 60_000;

export const prune: RememberCases = {
  "looks at no more than about `batch` records from `from` on and removes those that expired": async ({
    store,
    elsewhere,
  }) => {
    const dead = many(60, now);
    const live = many(20, now + 1);
    await rememberAll(store, [...dead, ...live], beginning);
    const steps = await walk(elsewhere, now, 10);
    for (const { removed } of steps) assert.ok(removed <= 20, `${removed} in a step of 10`);
    assert.ok(steps.length >= 3, `80 records in ${steps.length} steps of 10`);
    assert.equal(
      steps.reduce((sum, { removed }) => sum + removed, 0),
      60,
    );
    for (const record of dead) assert.equal(await store.find(record.id), undefined);
    for (const record of live) await assertRemembered(store, record);
    await assertUserHas(store, "ada", live);
  },

  "`from` is the `next` of an earlier step, or undefined to begin": async ({ store, elsewhere }) => {
    await rememberAll(store, many(30, now), beginning);
    const first = await store.deleteExpired(now, 10);
    assert.notEqual(first.next, undefined, "A step of 10 has walked over 30");
    const second = await elsewhere.deleteExpired(now, 10, first.next);
    assert.equal(first.removed + second.removed + (await countPruned(store, now)), 30);
    await assertUserHas(store, "ada", []);
  },

  "leaves nothing of what it removes": async ({ store }) => {
    const record = fullRememberRecord({ expiresAt: now });
    await rememberAll(store, [record], beginning);
    assert.equal(await countPruned(store, now), 1);
    await assertForgotten(store, record);
    assert.equal(await store.delete(record.id), undefined);
    assert.equal(await store.deleteBySession(record.sessionId), undefined);
  },

  "the walk has come to an end where there is nothing to walk over": async ({ store }) => {
    assert.equal(await countPruned(store, now), 0);
  },

  "a record is removed from the millisecond of its deadline on": async ({ store }) => {
    const record = fullRememberRecord({ expiresAt: now });
    await rememberAll(store, [record], beginning);
    assert.equal(await countPruned(store, now - 1), 0);
    await assertRemembered(store, record);
    assert.equal(await countPruned(store, now), 1);
  },

  "what is there during the whole walk is not missed, whatever comes and goes": async ({
    store,
    elsewhere,
  }) => {
    const leaving = many(40, now + 1);
    await rememberAll(store, shuffled([...many(40, now), ...leaving]), beginning);
    let [removed, from]: [number, string | undefined] = [0, undefined];
    do {
      const step = await store.deleteExpired(now, 10, from);
      removed += step.removed;
      from = step.next;
      for (const { id } of leaving.splice(0, 4)) await elsewhere.delete(id);
      await rememberAll(elsewhere, many(3, now + 1), now);
    } while (from !== undefined);
    assert.equal(removed, 40);
  },
};

function many(count: number, expiresAt: number): RememberRecord[] {
  return Array.from({ length: count }, () => rememberRecord({ expiresAt }));
}

/** In the order of their ids, which are random. */
function shuffled(records: readonly RememberRecord[]): RememberRecord[] {
  return records.toSorted((a, b) => (a.id.slice(3) < b.id.slice(3) ? -1 : 1));
}
