/** What must be true of a store of attempts, in the words of the promises. */
import assert from "node:assert/strict";
import type { ThrottleRule, ThrottleStore } from "../../core/throttle-store.ts";

/** Three for nothing, then 1, 2, 4 and 5 seconds; nine at most; forgotten after an hour. */
export const rule: ThrottleRule = {
  free: 3,
  firstDelay: 1_000,
  longestDelay: 5_000,
  cap: 9,
  forgetAfter: 60 * 60_000,
};

export async function assertAllowed(
  store: ThrottleStore,
  key: string,
  now: number,
  by: ThrottleRule = rule,
): Promise<void> {
  assert.deepEqual(await store.attempt(key, by, now), { allowed: true });
}

export async function assertRefused(
  store: ThrottleStore,
  key: string,
  now: number,
  retryAfter: number,
  by: ThrottleRule = rule,
): Promise<void> {
  assert.deepEqual(await store.attempt(key, by, now), { allowed: false, retryAfter });
}

/** Makes attempts as early as the rule allows; gives the time of the last one. */
export async function fail(store: ThrottleStore, key: string, times: number, from: number): Promise<number> {
  let now = from;
  for (let failures = 0; failures < times; ) {
    const answer = await store.attempt(key, rule, now);
    if (answer.allowed) failures++;
    else now += answer.retryAfter;
  }
  return now;
}

export async function assertFailures(
  store: ThrottleStore,
  key: string,
  failures: number | undefined,
): Promise<void> {
  assert.equal((await store.find(key))?.failures, failures);
}
