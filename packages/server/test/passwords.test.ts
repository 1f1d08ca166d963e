import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hash } from "@node-rs/argon2";
import { HashingThreads } from "../src/accounts/hashing-threads.ts";
import { HasherBusyError, PasswordHasher } from "../src/accounts/password-hasher.ts";
import { passwordFault } from "../src/accounts/password-rules.ts";

const email = "ada.lovelace@example.com";

describe("the rules for a new password", () => {
  for (const good of [
    "tea kettle upstairs window",
    "аналитическая машина",
    "9 kettles & 1 window",
    `${"x".repeat(20)}unrelated words here`,
    "🫖🪟🧶🪴🎻🧭🪁🦔🐌🍋🧄🫐🥨🍯🧂",
    `${"tea kettle upstairs window ".repeat(37)}`,
  ]) {
    // Proves ASVS 6.2.5, ASVS 6.2.9, NIST 3.1.1.2.
    test(`accepts ${good.slice(0, 30)}`, () => assert.equal(passwordFault(good, email), undefined));
  }

  test("count characters as people do, not code units", () => {
    assert.equal(passwordFault("🫖🪟🧶🪴🎻🧭🪁🦔", email), "password-too-short");
  });

  // Proves ASVS 6.2.1, NIST 3.1.1.2.
  test("refuse what is too short and what is too long", () => {
    assert.equal(passwordFault("tea kettle wind", email), undefined);
    assert.equal(passwordFault("tea kettle win", email), "password-too-short");
    assert.equal(passwordFault("tea kettle upstairs ".repeat(52), email), "password-too-long");
  });

  test("refuse a lone surrogate, which two passwords could share", () => {
    assert.equal(passwordFault("tea kettle upstairs \ud800", email), "password-unstorable");
  });

  for (const common of [
    "passwordpassword",
    "Password123456789",
    "P@ssw0rdP@ssw0rd",
    "123456789012345",
    "qwertyuiopasdfgh",
    "qwertyuiop123456",
    "1q2w3e4r5t6y7u8i",
    "zyxwvutsrqponmlkji",
    "aaaaaaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "kettlekettlekettle",
    "adminadministrator1!",
    "letmein-letmein-2024",
    "coatcheckcoatcheck",
    "парольпарольпароль",
    "йцукенгшщзхъфывапр",
  ]) {
    // Proves ASVS 6.2.4, NIST 3.1.1.2.
    test(`refuse what attackers try first: ${common}`, () => {
      assert.equal(passwordFault(common, email), "password-common");
    });
  }

  for (const own of [email, "Ada.Lovelace@Example.com", `${email}123`, "ada.lovelaceada.lovelace1"]) {
    // Proves ASVS 6.2.11.
    test(`refuse the e-mail address: ${own}`, () => {
      assert.equal(passwordFault(own, email), "password-about-email");
    });
  }

  test("a password made to be slow to judge is judged at once", () => {
    const started = performance.now();
    passwordFault(`${"passwordpass".repeat(85)}!x`, email);
    passwordFault("ab".repeat(511), email);
    assert.ok(performance.now() - started < 500);
  });
});

describe("the hasher", () => {
  const hasher = new PasswordHasher();

  // Proves NIST 3.1.1.2.
  test("knows the password again, however its letters were composed", async () => {
    const stored = await hasher.hash("cafe\u0301 upstairs window");
    assert.equal(await hasher.verify(stored, "caf\u00e9 upstairs window"), true);
    assert.equal(await hasher.verify(stored, "cafe upstairs window"), false);
  });

  // Proves ASVS 6.2.8.
  test("does not cut a long password", async () => {
    const long = "tea kettle upstairs ".repeat(51);
    const stored = await hasher.hash(long);
    assert.equal(await hasher.verify(stored, long), true);
    assert.equal(await hasher.verify(stored, `${long}x`), false);
    assert.equal(await hasher.verify(stored, long + "x".repeat(10_000)), false);
  });

  test("says no where there is no hash", async () => {
    assert.equal(await hasher.verify(undefined, "tea kettle upstairs"), false);
  });

  test("does the same work where there is no hash: one password is hashed under today's parameters (ASVS 6.3.8)", async (t) => {
    const stored = await hasher.hash("tea kettle upstairs");
    const run = t.mock.method(HashingThreads.prototype, "run");
    for (const hash of [stored, undefined]) await hasher.verify(hash, "window upstairs");
    const hashes = run.mock.calls.map(({ arguments: [task] }) =>
      "passwordHash" in task ? task.passwordHash : "",
    );
    assert.equal(hashes.length, 2);
    for (const hash of hashes) assert.equal(hasher.isOutdated(hash), false);
    assert.notEqual(hashes[1], stored);
  });

  // Proves ASVS 11.4.2, NIST 3.1.1.2.
  test("stores argon2id with OWASP's parameters and knows hashes that have others", async () => {
    const stored = await hasher.hash("tea kettle upstairs");
    assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal(hasher.isOutdated(stored), false);
    assert.equal(hasher.isOutdated(await hash("x", { memoryCost: 4096, timeCost: 1 })), true);
  });

  // Proves ASVS 2.4.1.
  test("takes a bounded number of passwords and refuses the rest at once", async () => {
    const small = new PasswordHasher({ atOnce: 1, waiting: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => small.verify(undefined, "tea kettle upstairs")),
    );
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.equal(refused.length, 6);
    assert.ok(refused.every((outcome) => outcome.reason instanceof HasherBusyError));
    assert.equal(await small.verify(undefined, "works again"), false);
  });

  test("goes on after a hash that cannot be read", async () => {
    const small = new PasswordHasher({ atOnce: 1, waiting: 1 });
    await assert.rejects(small.verify("no hash", "x"));
    assert.equal(await small.verify(undefined, "x"), false);
  });
});
