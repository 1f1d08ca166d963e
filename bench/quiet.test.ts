import assert from "node:assert/strict";
import { test } from "node:test";
import { isEnough, quietest } from "./quiet.ts";

const itself = (round: number) => round;

/** As many rounds as are tried when their costs come in this order, over and over. */
function triedOf(costs: readonly number[], count: number): number {
  const rounds: number[] = [];
  while (!isEnough(rounds, count, itself)) rounds.push(costs[rounds.length % costs.length]!);
  return rounds.length;
}

test("the rounds that took least count", () => {
  assert.deepEqual(quietest([30, 20, 25, 21], 2, itself), [20, 21]);
});

test("a quiet machine is asked four times as often as counts", () => {
  assert.equal(triedOf([20, 20.2, 20.4, 20.9], 6), 24);
  assert.equal(triedOf([20, 40, 40, 40], 6), 24);
});

test("whoever is disturbed goes on until the rounds that count agree within a twentieth", () => {
  assert.equal(triedOf([20, 40, 40, 40, 40, 40, 40, 40], 6), 41);
  assert.equal(triedOf([20, 21.1], 2), 8);
  assert.equal(triedOf([20, 21.1, 23, 23, 23, 23, 23, 23, 23, 23, 23], 2), 12);
});

test("it ends where no two rounds are alike, at four times as many", () => {
  const growing = Array.from({ length: 200 }, (_, round) => 1.1 ** round);
  assert.equal(triedOf(growing, 6), 96);
});
