import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rankTest } from "./rank-test.ts";

/** The same in every run: a multiplicative generator, since nothing here is secret. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function sample(size: number, shift: number, next: () => number): number[] {
  return Array.from({ length: size }, () => 10 + 4 * (next() + next() + next()) + shift);
}

describe("The rank test", () => {
  test("gives what one gets by hand", () => {
    // 1 to 10 and 3 to 12: U is 32, 8 pairs are equal, so z is (50 - 32) / √(100/12 · (21 - 48/380)) = 1.365.
    const first = Array.from({ length: 10 }, (_, index) => index + 1);
    const second = first.map((value) => value + 2);
    const { p, share } = rankTest(first, second);
    assert.ok(Math.abs(share - 0.68) < 1e-9, String(share));
    assert.ok(Math.abs(p - 0.1723) < 0.0001, String(p));
  });

  test("sees a difference of a twentieth of the median in 400 values", () => {
    const next = noise(7);
    assert.ok(rankTest(sample(400, 0, next), sample(400, 0.8, next)).p < 0.001);
  });

  test("sees none where there is none", () => {
    const next = noise(11);
    const small = Array.from({ length: 200 }, () => rankTest(sample(60, 0, next), sample(60, 0, next)).p);
    const alarms = small.filter((p) => p < 0.05).length;
    assert.ok(alarms > 1 && alarms < 22, `${alarms} of 200 at 5 %`);
  });

  test("does not mind one that took a second", () => {
    const next = noise(13);
    const [one, other] = [sample(100, 0, next), sample(100, 0, next)];
    const slowest = Math.max(...one, ...other);
    const withPause = one.map((value) => (value === Math.max(...one) ? 1_000 : value));
    const before = one.map((value) => (value === Math.max(...one) ? slowest + 1 : value));
    assert.deepEqual(rankTest(withPause, other), rankTest(before, other));
  });

  test("takes equal values for equal", () => {
    const same = Array.from({ length: 30 }, () => 5);
    const { share, p } = rankTest(same, same);
    assert.equal(share, 0.5);
    assert.ok(p > 0.999);
  });
});
