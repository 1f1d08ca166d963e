import assert from "node:assert/strict";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { beginning } from "../record.ts";
import type { StoreCases } from "../store/case.ts";
import { assertAllowed, assertFailures, assertRefused, fail, rule } from "./expectations.ts";

const now = beginning;

export const take: StoreCases<ThrottleStore> = {
  "takes one failure back, for an attempt that did not fail": async ({ store, elsewhere }) => {
    await fail(store, "a", 3, now);
    await elsewhere.refund("a");
    await assertFailures(store, "a", 2);
    await assertAllowed(store, "a", now);
    await assertRefused(store, "a", now, 1_000);
  },

  "what is left after a refund is remembered for as long as before": async ({ store }) => {
    await fail(store, "a", 2, now);
    await store.refund("a");
    assert.deepEqual(await store.find("a"), {
      failures: 1,
      lastAttemptAt: now,
      forgottenAt: now + rule.forgetAfter,
    });
  },

  "never below none": async ({ store }) => {
    await store.refund("a");
    await fail(store, "a", 1, now);
    await store.refund("a");
    await store.refund("a");
    for (let attempts = 0; attempts < 3; attempts++) await assertAllowed(store, "a", now);
    await assertRefused(store, "a", now, 1_000);
  },

  "forgets everything under a key; false if there was nothing": async ({ store, elsewhere }) => {
    const last = await fail(store, "a", 9, now);
    await fail(store, "b", 3, now);
    assert.equal(await elsewhere.reset("a"), true);
    assert.equal(await store.reset("a"), false);
    assert.equal(await store.find("a"), undefined);
    await assertFailures(store, "b", 3);
    await assertAllowed(store, "a", last);
    await assertFailures(store, "a", 1);
  },
};
