import assert from "node:assert/strict";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { beginning } from "../record.ts";
import type { StoreCases } from "../store/case.ts";
import { assertAllowed, assertFailures, assertRefused, fail, rule } from "./expectations.ts";

const now = beginning;

export const attempt: StoreCases<ThrottleStore> = {
  "counts an attempt as failed before it is made, and says whether it may be": async ({
    store,
    elsewhere,
  }) => {
    for (const failures of [1, 2, 3]) {
      await assertAllowed(store, "a", now);
      await assertFailures(elsewhere, "a", failures);
    }
    await assertRefused(elsewhere, "a", now, 1_000);
  },

  "one that may not be made is not counted and prolongs nothing": async ({ store, elsewhere }) => {
    await fail(store, "a", 3, now);
    for (const waited of [0, 500, 999]) {
      await assertRefused(elsewhere, "a", now + waited, 1_000 - waited);
      await assertFailures(store, "a", 3);
    }
    await assertAllowed(store, "a", now + 1_000);
  },

  "the wait doubles with each failure, up to the longest": async ({ store }) => {
    let then = await fail(store, "a", 3, now);
    for (const wait of [1_000, 2_000, 4_000, 5_000, 5_000]) {
      await assertRefused(store, "a", then, wait);
      await assertRefused(store, "a", then + wait - 1, 1);
      then += wait;
      await assertAllowed(store, "a", then);
    }
  },

  "at the cap nothing is allowed until all is forgotten": async ({ store }) => {
    const last = await fail(store, "a", 9, now);
    const { forgetAfter } = rule;
    await assertRefused(store, "a", last, forgetAfter);
    await assertRefused(store, "a", last + forgetAfter - 1, 1);
    await assertFailures(store, "a", 9);
    await assertAllowed(store, "a", last + forgetAfter);
    await assertFailures(store, "a", 1);
  },

  "failures are forgotten when no attempt was counted for so long, from that millisecond on": async ({
    store,
  }) => {
    await fail(store, "a", 2, now);
    await fail(store, "a", 1, now + 1_000);
    await assertAllowed(store, "a", now + 1_000 + rule.forgetAfter - 1);
    await assertFailures(store, "a", 4);
    await assertAllowed(store, "a", now + 1_000 + 2 * rule.forgetAfter - 1);
    await assertFailures(store, "a", 1);
  },

  "a wait that is longer than the memory ends with it": async ({ store }) => {
    const forgetful = { ...rule, free: 1, firstDelay: 60_000, longestDelay: 60_000, forgetAfter: 10_000 };
    await assertAllowed(store, "a", now, forgetful);
    await assertRefused(store, "a", now + 1, 9_999, forgetful);
    await assertAllowed(store, "a", now + 10_000, forgetful);
    await assertFailures(store, "a", 1);
  },

  "free failures cost no wait, also where the clock of who counted last is ahead": async ({
    store,
    elsewhere,
  }) => {
    await assertAllowed(store, "a", now + 2_000);
    await assertAllowed(elsewhere, "a", now);
    await assertAllowed(store, "a", now + 500);
    await assertRefused(elsewhere, "a", now + 600, 2_400);
  },

  "a clock that is behind moves no time back": async ({ store, elsewhere }) => {
    await assertAllowed(store, "a", now + 2_000);
    await assertAllowed(elsewhere, "a", now);
    const forgottenAt = now + 2_000 + rule.forgetAfter;
    assert.deepEqual(await store.find("a"), { failures: 2, lastAttemptAt: now + 2_000, forgottenAt });
  },

  "keys know nothing of each other": async ({ store }) => {
    await fail(store, "a", 3, now);
    for (const key of ["A", "a:", "a-", "a_", "aa", "b"]) {
      await assertAllowed(store, key, now);
      await assertFailures(store, key, 1);
    }
    await assertFailures(store, "a", 3);
  },

  "a rule holds for what was counted under another": async ({ store }) => {
    await fail(store, "a", 3, now);
    await assertAllowed(store, "a", now, { ...rule, free: 5 });
    await assertRefused(store, "a", now, rule.forgetAfter, { ...rule, cap: 2 });
  },

  "there may be no cap": async ({ store }) => {
    const endless = { ...rule, cap: Number.POSITIVE_INFINITY };
    let then = now;
    for (let failures = 0; failures < 60; failures++) {
      await assertAllowed(store, "a", then, endless);
      then += endless.longestDelay;
    }
    await assertFailures(store, "a", 60);
  },
};
