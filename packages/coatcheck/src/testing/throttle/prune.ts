import assert from "node:assert/strict";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { beginning } from "../record.ts";
import type { StoreCases } from "../store/case.ts";
import { removedIn, walk } from "../walk.ts";
import { assertFailures, fail, rule } from "./expectations.ts";

const now = beginning + rule.forgetAfter;

export const prune: StoreCases<ThrottleStore> = {
  "looks at no more than about `batch` counters from `from` on and removes those that are to be forgotten":
    async ({ store, elsewhere }) => {
      const [old, fresh] = [keys("old", 60), keys("fresh", 20)];
      for (const key of old) await fail(store, key, 1, beginning);
      for (const key of fresh) await fail(store, key, 1, beginning + 1);
      const steps = await walk(elsewhere, now, 10);
      for (const { removed } of steps) assert.ok(removed <= 20, `${removed} in a step of 10`);
      assert.equal(removedIn(steps), 60);
      for (const key of old) assert.equal(await store.find(key), undefined);
      for (const key of fresh) await assertFailures(store, key, 1);
    },

  "a counter is removed from the millisecond on from which it is to be forgotten": async ({ store }) => {
    await fail(store, "a", 2, beginning);
    assert.equal(removedIn(await walk(store, now - 1, 10)), 0);
    await assertFailures(store, "a", 2);
    assert.equal(removedIn(await walk(store, now, 10)), 1);
    assert.equal(await store.find("a"), undefined);
  },

  "nodes that prune at once do no work twice": async ({ store, elsewhere }) => {
    for (const key of keys("old", 40)) await fail(store, key, 1, beginning);
    const walks = await Promise.all([store, elsewhere].map((each) => walk(each, now, 10)));
    assert.equal(removedIn(walks.flat()) + removedIn(await walk(store, now, 10)), 40);
  },

  "the walk comes to an end, also where there is nothing to walk over": async ({ store }) => {
    assert.equal(removedIn(await walk(store, now, 10)), 0);
    for (const key of keys("kept", 25)) await fail(store, key, 1, now);
    assert.equal(removedIn(await walk(store, now, 10)), 0);
  },
};

function keys(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}:${index}`);
}
