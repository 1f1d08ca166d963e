/** The documented policy of sessions is the one that they live by. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { definePolicy, SessionManager, type Validation } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { profiles, sessionPolicyPage, sessionPolicyPath } from "./requirements/session-policy.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the documented session policy", () => {
  // Proves ASVS 7.1.1, ASVS 7.1.2, ASVS 7.1.3, ASVS 6.1.1.
  test("is what the code says: `npm run requirements` changes nothing", () => {
    assert.ok(read(sessionPolicyPath) === sessionPolicyPage(), "Not up to date: npm run requirements");
  });

  for (const level of profiles) {
    const policy = definePolicy(level ? { level } : {});

    // Proves ASVS 7.1.1, ASVS 7.3.1, ASVS 7.3.2, NIST 2.3.3, NIST 5.2.
    test(`is lived by, to the millisecond, under ${level ?? "no label"}`, async () => {
      const clock = { now: 1_700_000_000_000 };
      const sessions = new SessionManager({ store: new MemorySessionStore(), policy, now: () => clock.now });
      const begin = clock.now;

      const idle = (await sessions.create("ada")).token;
      clock.now = begin + policy.idleTimeout - 1;
      assert.equal((await sessions.validate(idle)).ok, true);
      clock.now += policy.idleTimeout;
      assert.deepEqual(reasonOf(await sessions.validate(idle)), "idle-timeout");

      const signedInAt = clock.now;
      const { token: busy, session } = await sessions.create("ada");
      const step = Math.floor(policy.idleTimeout / 2);
      while (clock.now + step < signedInAt + policy.absoluteTimeout) {
        clock.now += step;
        assert.equal(await sessions.touch(session), true);
      }
      clock.now = signedInAt + policy.absoluteTimeout - 1;
      assert.equal((await sessions.validate(busy)).ok, true);
      clock.now += 1;
      assert.deepEqual(reasonOf(await sessions.validate(busy)), "absolute-timeout");
    });
  }

  // Proves ASVS 7.1.3, ASVS 7.6.1.
  test("names one maker of sessions, and there is no other", () => {
    const files = globSync("{packages/*/src,examples}/**/*.ts", { cwd: root }).filter(
      (path) => !/\/(stores|testing)\//.test(path),
    );
    const inserting = files.filter((path) => /\bstore\.insert\(record, now, limit/.test(read(path)));
    assert.deepEqual(inserting, ["packages/coatcheck/src/core/beginnings.ts"]);
    const federated = files.filter((path) => /\b(?:openid|oidc|saml|oauth)\b/i.test(read(path)));
    assert.deepEqual(federated, []);
  });
});

function reasonOf(validation: Validation<unknown>): string | undefined {
  return validation.ok ? undefined : validation.rejection.reason;
}
