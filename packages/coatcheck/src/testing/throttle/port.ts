import assert from "node:assert/strict";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { beginning } from "../record.ts";
import type { StoreCases } from "../store/case.ts";
import { assertAllowed, assertFailures, assertRefused, fail, rule } from "./expectations.ts";
import { histories, sameAsRule } from "./histories.ts";

const now = beginning;
/** A change that breaks something fails at once, for everybody. */
const steadySeed = 20_300_101;

export const port: StoreCases<ThrottleStore> = {
  "methods reject only when the backend itself fails": async ({ store }) => {
    assert.equal(await store.find("a"), undefined);
    assert.equal(await store.reset("a"), false);
    await store.refund("a");
    const { removed } = await store.deleteExpired(now, 10);
    assert.equal(removed, 0);
  },

  "stores are given the time as `now` and never judge by a clock of their own": async ({ store }) => {
    for (const [key, then] of [
      ["a", Date.UTC(2001, 0, 1)],
      ["b", Date.UTC(2100, 0, 1)],
    ] as const) {
      await fail(store, key, 3, then);
      await assertRefused(store, key, then + 999, 1);
      await assertAllowed(store, key, then + 1_000);
    }
  },

  "a key is text of at most 64 characters, of `A-Z a-z 0-9 _ : -`": async ({ store }) => {
    const longest = "account:AZaz09_-".padEnd(63, "x");
    await fail(store, `${longest}y`, 2, now);
    await fail(store, `${longest}z`, 1, now);
    await assertFailures(store, `${longest}y`, 2);
    await assertFailures(store, `${longest}z`, 1);
  },

  "the counter, or undefined": async ({ store, elsewhere }) => {
    assert.equal(await store.find("a"), undefined);
    await fail(store, "a", 2, now);
    await fail(store, "a", 1, now + 7);
    const forgottenAt = now + 7 + rule.forgetAfter;
    assert.deepEqual(await elsewhere.find("a"), { failures: 3, lastAttemptAt: now + 7, forgottenAt });
  },

  "may return one that is to be forgotten: the rule judges": async ({ store }) => {
    await fail(store, "a", 3, now);
    const counter = await store.find("a");
    if (counter) assert.equal(counter.forgottenAt, now + rule.forgetAfter);
    await assertAllowed(store, "a", now + rule.forgetAfter);
    await assertFailures(store, "a", 1);
  },

  "every history has the outcome that the pure rule has": async ({ store }) => {
    const { assert: forAll, asyncProperty } = await import("fast-check");
    let tries = 0;
    const property = asyncProperty(await histories(), (history) =>
      sameAsRule(store, `history${++tries}`, history, now),
    );
    await forAll(property, { numRuns: 80, seed: steadySeed });
  },
};
