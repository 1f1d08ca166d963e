import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deadline, definePolicy } from "../../src/core/policy.ts";
import { hour, minute, second } from "./house.ts";

describe("policy", () => {
  // Proves ASVS 7.3.1, ASVS 7.3.2.
  it("has both timeouts by default", () => {
    assert.deepEqual(definePolicy(), {
      idleTimeout: 30 * minute,
      absoluteTimeout: 12 * hour,
      renewAfter: hour,
      grace: 30 * second,
      touchInterval: minute,
      rememberFor: 30 * 24 * hour,
      onRememberTheft: "family",
      maxSessions: Number.POSITIVE_INFINITY,
      onLimit: "evict-oldest",
      fingerprint: { signals: "tolerant", onMismatch: "report" },
    });
  });

  for (const [level, idleTimeout, absoluteTimeout] of [
    ["aal1", 14 * 24 * hour, 30 * 24 * hour],
    ["aal2", hour, 24 * hour],
    ["aal3", 15 * minute, 12 * hour],
  ] as const) {
    // Proves NIST 2.3.3.
    it(`${level} has the timeouts of NIST SP 800-63B-4, and refuses looser ones`, () => {
      const policy = definePolicy({ level });
      assert.deepEqual([policy.idleTimeout, policy.absoluteTimeout], [idleTimeout, absoluteTimeout]);
      assert.throws(
        () => definePolicy({ level, idleTimeout: idleTimeout + 1 }),
        /idleTimeout is looser than/,
      );
      assert.throws(() => definePolicy({ level, absoluteTimeout: absoluteTimeout + 1 }), /looser than/);
      assert.equal(definePolicy({ level, idleTimeout: minute }).idleTimeout, minute);
    });
  }

  it("remembers browsers for 30 days at most under aal1, and not at all under stricter levels (NIST 5.1 remembering)", () => {
    assert.equal(definePolicy({ level: "aal1" }).rememberFor, 30 * 24 * hour);
    assert.throws(() => definePolicy({ level: "aal1", rememberFor: 30 * 24 * hour + 1 }), /looser than/);
    for (const level of ["aal2", "aal3"] as const) {
      assert.equal(definePolicy({ level }).rememberFor, 0);
      assert.throws(() => definePolicy({ level, rememberFor: 1 }), /looser than/);
    }
  });

  it("notes use once a minute, or ten times per idle timeout where that is shorter", () => {
    assert.equal(definePolicy({ idleTimeout: 20 * minute }).touchInterval, minute);
    assert.equal(definePolicy({ idleTimeout: minute }).touchInterval, 6 * second);
    assert.throws(() => definePolicy({ touchInterval: minute + 1 }), /would sign active users out/);
  });

  const senseless = {
    "a negative timeout": { idleTimeout: -1 },
    "no timeout": { idleTimeout: 0 },
    "an endless timeout": { absoluteTimeout: Number.POSITIVE_INFINITY },
    "a fraction": { grace: 0.5 },
    "a text": { renewAfter: "1h" as unknown as number },
    "no sessions": { maxSessions: 0 },
    "half a session": { maxSessions: 1.5 },
    "an unknown level": { level: "aal4" as "aal3" },
    "an inherited level": { level: "constructor" as "aal3" },
    "an unknown answer to the limit": { onLimit: "ask" as "refuse" },
    "a limit that is a text": { maxSessions: "3" as unknown as number },
    "a fingerprint of nothing": { fingerprint: null as unknown as "off" },
    "a fingerprint that is a word": { fingerprint: "strict" as "off" },
    "unknown signals": { fingerprint: { signals: "loose" as "strict" } },
    "a remembered browser for ever": { rememberFor: Number.POSITIVE_INFINITY },
    "an unknown answer to a stolen remember token": { onRememberTheft: "nothing" as "user" },
    "an unknown reaction": { fingerprint: { onMismatch: "ban" as "revoke" } },
  };
  for (const [name, options] of Object.entries(senseless)) {
    it(`refuses ${name} at start`, () => assert.throws(() => definePolicy(options), TypeError));
  }

  it("lets a session die at the earlier of both deadlines", () => {
    const policy = definePolicy({ idleTimeout: 10, absoluteTimeout: 25 });
    assert.equal(deadline(policy, 0, 0), 10);
    assert.equal(deadline(policy, 0, 14), 24);
    assert.equal(deadline(policy, 0, 20), 25);
  });
});
