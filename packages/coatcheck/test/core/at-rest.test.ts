/** Who reads the store, or a copy of it, gets no session by that (KeeperHub PR #1047). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionToken } from "../../src/core/token.ts";
import { firefox, hour, house } from "./house.ts";

describe("what is at rest", () => {
  // Proves ASVS 7.2.1.
  it("has no part of any token that ever opened the session, whatever became of its secret", async () => {
    const at = house({ policy: { idleTimeout: 2 * hour } });
    const kept: string[] = [];
    const { token, session } = await at.sessions.create("ada", { client: firefox });
    const keep = async () => {
      kept.push(JSON.stringify([await at.store.find(session.id), await at.store.findByUser("ada")]));
    };
    await keep();
    at.clock.advance(hour);
    const validation = await at.sessions.validate(token, { client: firefox, canRenew: true });
    assert.ok(validation.ok && validation.successor);
    await keep();
    await at.sessions.validate(validation.successor);
    await keep();
    const fresh = await at.sessions.reauthenticate(validation.successor, { client: firefox });
    await keep();
    const forms = await at.sessions.validate(fresh!.token);
    assert.ok(forms.ok);
    await at.sessions.revoke(session.id);
    await keep();
    for (const each of [token, validation.successor, fresh!.token]) {
      const [, family, secret] = each.reveal().split(".");
      for (const text of kept) assert.ok(!text.includes(family!) && !text.includes(secret!));
    }
  });

  it("opens nothing, put together in whatever way", async () => {
    const at = house();
    const { session } = await at.sessions.create("ada", { client: firefox });
    const values = JSON.stringify(await at.store.find(session.id)).match(/[\w-]{22,}/g)!;
    assert.ok(values.length >= 3);
    const parts = (length: number) => values.map((value) => value.slice(0, length));
    for (const family of parts(22)) {
      for (const secret of parts(43)) {
        const guess = SessionToken.parse(`${session.id}.${family}.${secret}`);
        if (guess) assert.equal((await at.sessions.validate(guess)).ok, false);
      }
    }
    assert.equal((await at.sessions.list("ada")).length, 1);
  });
});
