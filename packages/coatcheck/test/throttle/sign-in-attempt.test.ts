/** What an attempt counts, and for how long. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { resolveThrottle } from "../../src/throttle/rules.ts";
import { accountDigest, beginAttempt } from "../../src/throttle/sign-in-attempt.ts";

const hour = 60 * 60_000;
const rules = resolveThrottle();

describe("An address", () => {
  /** A store, and somebody in an office of many. */
  function office() {
    const store = new MemorySessionStore().throttle;
    return (account: string, now: number) =>
      beginAttempt(
        store,
        rules,
        { account: accountDigest(account), network: "192.0.2.7", device: undefined },
        now,
      );
  }

  test("where somebody mistypes each hour, and others sign in meanwhile, is never held up", async () => {
    const attempt = office();
    for (let now = 0; now < 100 * hour; now += hour / 2) {
      const right = await attempt(`right ${now}`, now);
      assert.ok(right.allowed, `refused after ${now / hour} hours`);
      await right.attempt.succeeded();
      assert.ok((await attempt(`mistyped ${now}`, now)).allowed);
    }
  });

  test("has fifty free failures, then one a minute, in each hour", async () => {
    const attempt = office();
    let allowed = 0;
    for (let now = 0; now < hour; now += 1_000) if ((await attempt(`${now}`, now)).allowed) allowed++;
    assert.ok(allowed > 100 && allowed < 120, `${allowed} guesses in an hour`);
    assert.ok((await attempt("the next hour", hour)).allowed);
  });

  test("gets a reservation back by the hour in which it was made", async () => {
    const attempt = office();
    const late = await attempt("right", hour - 1);
    for (let failed = 1; failed < 50; failed++) assert.ok((await attempt(`${failed}`, hour - 1)).allowed);
    assert.ok(late.allowed);
    await late.attempt.succeeded();
    assert.ok((await attempt("the fiftieth", hour - 1)).allowed);
  });
});
