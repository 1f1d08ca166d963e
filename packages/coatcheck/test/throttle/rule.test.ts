import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { delayAfter, judgeAttempt } from "../../src/throttle/rule.ts";
import { resolveThrottle } from "../../src/throttle/rules.ts";
import { accountDigest } from "../../src/throttle/sign-in-attempt.ts";

const { account, client, device } = resolveThrottle();
const day = 24 * 60 * 60_000;

describe("By default", () => {
  // Proves ASVS 6.3.1.
  test("five failures under an account cost no wait, then it doubles from 1 second to 15 minutes", () => {
    const seconds = Array.from({ length: 18 }, (_, failures) => delayAfter(failures, account) / 1_000);
    assert.deepEqual(seconds, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  test("a hundred consecutive failures close an account (NIST 3.2.2)", () => {
    const counter = (failures: number) => ({ failures, lastAttemptAt: 0, forgottenAt: 30 * day });
    assert.equal(judgeAttempt(counter(99), account, day).allowed, true);
    assert.deepEqual(judgeAttempt(counter(100), account, day), { allowed: false, retryAfter: 29 * day });
    assert.equal(judgeAttempt(counter(100), account, 30 * day).allowed, true);
  });

  test("fifty failures from an address cost no wait, and none costs more than a minute", () => {
    assert.deepEqual(
      [0, 49, 50, 55, 56, 1_000].map((failures) => delayAfter(failures, client) / 1_000),
      [0, 0, 1, 32, 60, 60],
    );
  });

  // Proves WSTG-ATHN-03.
  test("a known device has ten guesses of its own", () => {
    assert.deepEqual(device, { ...account, cap: 10 });
  });

  test("an attacker who never pauses has 21 guesses in two hours, however many computers they have", () => {
    let now = 0;
    let guesses = 0;
    let counter: Parameters<typeof judgeAttempt>[0];
    while (now < 2 * 60 * 60_000) {
      const verdict = judgeAttempt(counter, account, now);
      if (verdict.allowed) {
        counter = verdict.counter;
        guesses++;
      } else now += verdict.retryAfter;
    }
    assert.equal(guesses, 21);
  });
});

test("no wait overflows, however many failures there are", () => {
  const rule = { ...account, firstDelay: 2 ** 31, longestDelay: 2 ** 31, cap: Number.POSITIVE_INFINITY };
  assert.equal(delayAfter(Number.MAX_SAFE_INTEGER, rule), 2 ** 31);
});

describe("Rules", () => {
  const wrong: readonly [string, object][] = [
    ["more than 100 consecutive failures", { account: { cap: 101 } }],
    ["no cap for accounts", { account: { cap: Number.POSITIVE_INFINITY } }],
    ["no cap for devices", { device: { cap: Number.POSITIVE_INFINITY } }],
    ["no free failure", { account: { free: 0 } }],
    ["half a failure", { client: { free: 1.5 } }],
    ["a wait of no time", { account: { firstDelay: 0 } }],
    ["a wait that is no number", { client: { longestDelay: Number.NaN } }],
    ["a memory of years", { account: { forgetAfter: 401 * day } }],
    ["no garbage at all", { garbagePerMinute: 0 }],
  ];
  for (const [what, options] of wrong) {
    test(`that say ${what} are a TypeError`, () => {
      assert.throws(() => resolveThrottle(options), { name: "TypeError", message: /^throttle\.\w+/ });
    });
  }

  test("are filled in where they say nothing", () => {
    assert.deepEqual(resolveThrottle({ account: { cap: 20 } }).account, { ...account, cap: 20 });
  });
});

describe("An account is counted by", () => {
  test("a digest that does not tell what was typed, of one length", () => {
    for (const typed of ["", "ada@example.com", "correct horse battery staple", "x".repeat(10_000)]) {
      assert.match(accountDigest(typed), /^[\w-]{43}$/);
    }
  });

  test("what was typed, whatever its case, form and surrounding space", () => {
    const spellings = ["josé", "JOSÉ", " jose\u0301 ", "\tJosé\n", "ｊｏｓé"];
    assert.equal(new Set(spellings.map(accountDigest)).size, 1);
    assert.notEqual(accountDigest("jose"), accountDigest("josé"));
  });

  test("text: anything else is a TypeError", () => {
    for (const no of [undefined, null, 7, {}]) assert.throws(() => accountDigest(no as never), TypeError);
  });
});
