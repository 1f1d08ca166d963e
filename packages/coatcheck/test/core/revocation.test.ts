/** P1 and P2: sign-out is final, and all means all. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionManager } from "../../src/core/manager.ts";
import { parseSessionId } from "../../src/core/token.ts";
import { hour, house, minute, outcome } from "./house.ts";

describe("revocation", () => {
  // Proves ASVS 7.4.1.
  it("is final: nothing that was in flight brings the session back (CVE-2025-46336)", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    at.clock.advance(5 * minute);
    const find = at.store.find.bind(at.store);
    let release = () => {};
    const parked = new Promise<void>((resolve) => {
      release = resolve;
    });
    at.store.find = async (id) => {
      const found = await find(id);
      await parked;
      return found;
    };
    const inFlight = [
      at.sessions.validate(token, { canRenew: true }),
      at.sessions.renew(token),
      at.sessions.reauthenticate(token),
      at.sessions.update(session.id, { theme: "dark" }),
    ];
    assert.equal(await at.sessions.revoke(session.id), true);
    at.store.find = find;
    release();
    await Promise.allSettled(inFlight);
    await at.sessions.close();
    assert.equal(await at.sessions.touch(session), false);
    assert.equal(await outcome(at, token), "ended");
    assert.deepEqual(await at.sessions.list("ada"), []);
  });

  it("is told once, to whom the ending belongs", async () => {
    const at = house();
    const { session } = await at.sessions.create("ada");
    const results = await Promise.all([1, 2, 3].map(() => at.sessions.revoke(session.id)));
    assert.deepEqual(results.sort(), [false, false, true]);
    assert.deepEqual(at.told(), ["created", "revoked"]);
  });

  it("tells the ended device why", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    await at.sessions.revoke(session.id, { reason: "credentials-changed" });
    const validation = await at.sessions.validate(token);
    assert.deepEqual(validation.ok || validation.rejection, {
      reason: "ended",
      ended: "credentials-changed",
    });
  });

  it("for a reason that nobody could explain is refused, and ends nothing", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    for (const reason of ["bored", "toString", "", null] as unknown as "revoked"[]) {
      await assert.rejects(
        at.sessions.revoke(session.id, { reason }),
        /no reason for the end.*one of logout/,
      );
      await assert.rejects(at.sessions.revokeAll("ada", { reason }), TypeError);
    }
    assert.equal(await outcome(at, token), "valid");
  });

  it("by an id from outside ends only a session of that user", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    assert.equal(await at.sessions.revoke(session.id, { userId: "eve" }), false);
    assert.equal(await at.sessions.revoke(parseSessionId("x".repeat(25))!, { userId: "eve" }), false);
    const nobody = { userId: undefined as unknown as string };
    assert.equal(await at.sessions.revoke(session.id, nobody), false);
    assert.equal(await outcome(at, token), "valid");
    assert.equal(await at.sessions.revoke(session.id, { userId: "ada" }), true);
  });

  // Proves ASVS 7.4.5.
  it("of all ends all, and only that user's", async () => {
    const at = house();
    const hers = await Promise.all([1, 2, 3].map(() => at.sessions.create("ada")));
    const his = await at.sessions.create("bob");
    assert.equal(await at.sessions.revokeAll("ada"), 3);
    for (const { token } of hers) assert.equal(await outcome(at, token), "ended");
    assert.equal(await outcome(at, his.token), "valid");
  });

  it("of the others keeps the one that asks", async () => {
    const at = house();
    const [mine, other] = [await at.sessions.create("ada"), await at.sessions.create("ada")];
    assert.equal(await at.sessions.revokeAll("ada", { except: mine.session.id }), 1);
    assert.equal(await outcome(at, mine.token), "valid");
    assert.equal(await outcome(at, other.token), "ended");
  });

  it("of all misses no sign-in that completed before it", async () => {
    const at = house();
    const signIns = Array.from({ length: 20 }, () => at.sessions.create("ada"));
    await Promise.all(signIns.slice(0, 10));
    const [, ...rest] = await Promise.all([at.sessions.revokeAll("ada"), ...signIns.slice(0, 10)]);
    for (const { token } of rest) assert.equal(await outcome(at, token), "ended");
  });
});

describe("the list of devices", () => {
  it("has the live sessions, the last used first, and no secret (express-session#865, better-auth PR #10495)", async () => {
    const at = house();
    const old = await at.sessions.create("ada");
    at.clock.advance(minute);
    const recent = await at.sessions.create("ada");
    at.clock.advance(minute);
    await outcome(at, old.token);
    const list = await at.sessions.list("ada");
    assert.deepEqual(
      list.map(({ id }) => id),
      [old.session.id, recent.session.id],
    );
    assert.doesNotMatch(JSON.stringify(list), /hash|secret|family/i);
    for (const { token } of [old, recent]) {
      for (const part of token.reveal().split(".").slice(1)) {
        assert.ok(!JSON.stringify(list).includes(part));
      }
    }
  });

  it("leaves out what has expired", async () => {
    const at = house();
    await at.sessions.create("ada");
    at.clock.advance(30 * minute);
    assert.deepEqual(await at.sessions.list("ada"), []);
  });
});

describe("use", () => {
  // Proves NIST 5.2.
  it("moves the idle deadline, never the absolute one (CVE-2024-35220, ASVS 7.3.2)", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    for (let i = 0; i < 24; i++) {
      at.clock.advance(29 * minute);
      assert.equal(await outcome(at, token), "valid");
    }
    at.clock.advance(12 * hour - 24 * 29 * minute - 1);
    assert.equal(await outcome(at, token), "valid");
    at.clock.advance(1);
    assert.equal(await outcome(at, token), "absolute-timeout");
  });

  it("is written at most once per touchInterval (express-session#891)", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const update = at.store.update.bind(at.store);
    let writes = 0;
    at.store.update = (...args) => {
      writes++;
      return update(...args);
    };
    for (let i = 0; i < 600; i++) {
      at.clock.advance(1_000);
      await Promise.all([at.sessions.validate(token), at.sessions.validate(token)]);
    }
    await at.sessions.close();
    assert.equal(writes, 10);
  });

  it("is not written where the store knows of one within the interval: the sign-in, or one on another node", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const other = new SessionManager({ store: at.store, now: at.clock.now });
    at.clock.advance(minute);
    assert.ok((await other.validate(token)).ok);
    await other.close();
    at.store.update = () => assert.fail("A use was written");
    at.clock.advance(minute - 1);
    assert.equal(await outcome(at, token), "valid");
    const { token: fresh } = await at.sessions.create("ada");
    at.clock.advance(minute - 1);
    assert.equal(await outcome(at, fresh), "valid");
    assert.deepEqual(at.warnings, []);
  });

  // Proves ASVS 7.3.1, NIST 5.2.
  it("never revives an expired session", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    at.clock.advance(30 * minute);
    assert.equal(await at.sessions.touch(session), false);
    assert.equal(await outcome(at, token), "idle-timeout");
  });

  it("never moves backwards with the clock", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    at.clock.advance(-10 * minute);
    await at.sessions.touch(session);
    at.clock.advance(10 * minute + 29 * minute);
    assert.equal(await outcome(at, token), "valid");
  });
});

describe("pruning", () => {
  it("removes what expired, tells of it, and leaves the rest", async () => {
    const at = house();
    for (let i = 0; i < 450; i++) await at.sessions.create(`user ${i}`);
    at.clock.advance(20 * minute);
    const { token } = await at.sessions.create("ada");
    at.clock.advance(10 * minute);
    assert.equal(await at.sessions.prune(), 450);
    assert.equal(at.told().filter((type) => type === "expired").length, 450);
    assert.equal(await at.sessions.prune(), 0);
    assert.equal(await outcome(at, token), "valid");
  });
});
