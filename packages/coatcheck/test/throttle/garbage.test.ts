import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GarbageCount } from "../../src/throttle/garbage.ts";

const perMinute = 60;
const second = 1_000;

function token(secretHash: string): { readonly secretHash: string } {
  return { secretHash };
}

function full(garbage: GarbageCount, network: string, now: number): void {
  for (let n = 0; n < perMinute; n++) garbage.count(network, now);
}

describe("Invented tokens", () => {
  test("are looked up so many times in a minute, and the first that was the last is told", () => {
    const garbage = new GarbageCount(perMinute);
    const last = Array.from({ length: perMinute }, () => garbage.count("a", 0));
    assert.equal(last.indexOf(true), perMinute - 1);
    assert.equal(garbage.wait("a", undefined, 0), second);
    assert.equal(garbage.wait("a", undefined, second - 1), 1);
    assert.equal(garbage.wait("a", undefined, second), 0);
  });

  test("are told of once, as long as they go on", () => {
    const garbage = new GarbageCount(perMinute);
    full(garbage, "a", 0);
    for (let at = 1; at < 100; at++) assert.equal(garbage.count("a", at * second), false);
    assert.equal(garbage.isQuiet(100 * second), false);
    assert.equal(garbage.isQuiet(159 * second), true);
    full(garbage, "b", 200 * second);
    assert.equal(garbage.isQuiet(200 * second), false);
  });

  test("of one address are no other's", () => {
    const garbage = new GarbageCount(perMinute);
    full(garbage, "a", 0);
    assert.equal(garbage.wait("b", undefined, 0), 0);
  });

  test("do not stop sessions that were seen since the first of them", () => {
    const garbage = new GarbageCount(perMinute);
    garbage.vouch("a", token("before"), 0);
    garbage.count("a", 0);
    garbage.vouch("a", token("since"), 0);
    full(garbage, "a", 0);
    assert.equal(garbage.wait("a", token("since"), 0), 0);
    assert.equal(garbage.wait("a", token("before"), 0), second);
    assert.equal(garbage.wait("b", token("before"), 0), 0);
  });
});

describe("What is kept", () => {
  test("is nothing while all is quiet", () => {
    const garbage = new GarbageCount(perMinute);
    for (let n = 0; n < 100; n++) garbage.vouch("a", token(`session${n}`), 0);
    assert.equal(garbage.isQuiet(0), true);
  });

  test("of addresses is bounded, and that of the busiest survives a flood of others", () => {
    const garbage = new GarbageCount(perMinute);
    full(garbage, "old", 0);
    full(garbage, "busy", 0);
    for (let n = 0; n < 10_000; n++) {
      garbage.count(`network${n}`, 0);
      if (n % 100 === 0) garbage.count("busy", 0);
    }
    assert.equal(garbage.wait("old", undefined, 0), 0, "Forgotten");
    assert.equal(garbage.wait("busy", undefined, 0), second);
  });

  test("of sessions is bounded: those that were seen last", () => {
    const garbage = new GarbageCount(perMinute);
    garbage.count("a", 0);
    garbage.vouch("a", token("used"), 0);
    for (let n = 0; n < 1_000; n++) {
      garbage.vouch("a", token(`session${n}`), 0);
      if (n === 500) garbage.vouch("a", token("used"), 0);
    }
    full(garbage, "a", 0);
    assert.equal(garbage.wait("a", token("session0"), 0), second);
    assert.equal(garbage.wait("a", token("used"), 0), 0);
    assert.equal(garbage.wait("a", token("session999"), 0), 0);
  });
});
