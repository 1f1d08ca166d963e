import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SignInRefusedError } from "../../src/core/errors.ts";
import { house, minute, outcome, second } from "./house.ts";

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof SignInRefusedError && error.code === code;

describe("sign-in", () => {
  // Proves CVE-2022-25896.
  it("always makes a new session: two sign-ins, two tickets (ASVS 7.2.2, 7.2.4)", async () => {
    const at = house();
    const first = await at.sessions.create("ada");
    const second_ = await at.sessions.create("ada");
    assert.notEqual(first.session.id, second_.session.id);
    assert.notEqual(first.token.reveal(), second_.token.reveal());
    assert.equal(await outcome(at, first.token), "valid");
  });

  // Proves ASVS 7.2.4, ASVS 2.3.3.
  it("ends the session that the browser presented, in the same step", async () => {
    const at = house();
    const old = await at.sessions.create("ada");
    const fresh = await at.sessions.create("ada", { replacing: old.session });
    assert.equal(await outcome(at, old.token), "ended");
    assert.equal(await outcome(at, fresh.token), "valid");
    assert.deepEqual(at.told().slice(0, 3), ["created", "replaced", "created"]);
  });

  it("ends the presented session of another user too (CVE-2014-0482)", async () => {
    const at = house();
    const ada = await at.sessions.create("ada");
    const bob = await at.sessions.create("bob", { replacing: ada.session });
    assert.equal(await outcome(at, ada.token), "ended");
    assert.equal(await outcome(at, bob.token), "valid");
  });

  it("knows who signed in, how and when", async () => {
    const at = house();
    const client = { ip: "192.0.2.1", userAgent: "curl/8", language: "en" };
    const { session } = await at.sessions.create("ada", { amr: ["pwd", "otp"], client });
    assert.deepEqual([session.amr, session.client], [["pwd", "otp"], client]);
    assert.equal(session.authenticatedAt, at.clock.now());
  });

  for (const userId of ["", "x".repeat(257), "\ud800", 7 as unknown as string]) {
    it(`refuses ${JSON.stringify(userId).slice(0, 12)} as a user id and leaves nothing`, async () => {
      const at = house();
      await assert.rejects(at.sessions.create(userId), TypeError);
      assert.deepEqual(at.told(), []);
    });
  }

  // Proves ASVS 7.2.3.
  it("tries another id when one is taken, and never overwrites", async () => {
    const at = house();
    const insert = at.store.insert.bind(at.store);
    let taken = 3;
    at.store.insert = async (...args) =>
      taken-- > 0 ? { inserted: false, because: "duplicate" } : insert(...args);
    await at.sessions.create("ada");
    assert.equal((await at.sessions.list("ada")).length, 1);
  });

  // Proves ASVS 7.2.3.
  it("fails loudly when every id is taken", async () => {
    const at = house();
    at.store.insert = async () => ({ inserted: false, because: "duplicate" });
    await assert.rejects(at.sessions.create("ada"), { code: "store-unavailable" });
  });
});

describe("the limit of concurrent sessions", () => {
  // Proves WSTG-SESS-11, ASVS 7.1.2.
  it("ends the oldest and tells it why", async () => {
    const at = house({ policy: { maxSessions: 2 } });
    const tokens = [];
    for (let i = 0; i < 3; i++) {
      tokens.push((await at.sessions.create("ada")).token);
      at.clock.advance(second);
    }
    const evicted = await at.sessions.validate(tokens[0]);
    assert.deepEqual(evicted.ok || evicted.rejection, { reason: "ended", ended: "evicted" });
    assert.equal(await outcome(at, tokens[1]!), "valid");
    assert.equal(await outcome(at, tokens[2]!), "valid");
    assert.deepEqual(at.told(), ["created", "created", "evicted", "created", "rejected"]);
  });

  // Proves ASVS 7.1.2.
  it("refuses the newcomer where the policy says so, and leaves nothing of it", async () => {
    const at = house({ policy: { maxSessions: 1, onLimit: "refuse" } });
    const first = await at.sessions.create("ada");
    await assert.rejects(at.sessions.create("ada"), refusedAs("session-limit"));
    assert.equal(await outcome(at, first.token), "valid");
    assert.equal((await at.sessions.list("ada")).length, 1);
    await at.sessions.create("bob");
  });

  it("does not count the session that is replaced, nor expired ones", async () => {
    const at = house({ policy: { maxSessions: 1, onLimit: "refuse" } });
    const first = await at.sessions.create("ada");
    await at.sessions.create("ada", { replacing: first.session });
    at.clock.advance(30 * minute);
    await at.sessions.create("ada");
    assert.deepEqual(at.told(), ["created", "replaced", "created", "expired", "created"]);
  });

  it("may be a function of the user, asked at each sign-in: by roles, for instance (logto#7214)", async () => {
    const limits = new Map([["ada", 2]]);
    const at = house({ policy: { maxSessions: async (userId) => limits.get(userId) ?? 1 } });
    const signIn = async (userId: string) => {
      await at.sessions.create(userId);
      at.clock.advance(second);
      return (await at.sessions.list(userId)).length;
    };
    assert.deepEqual([await signIn("ada"), await signIn("ada"), await signIn("ada")], [1, 2, 2]);
    assert.deepEqual([await signIn("bob"), await signIn("bob")], [1, 1]);
    limits.set("ada", Number.POSITIVE_INFINITY);
    assert.equal(await signIn("ada"), 3);
    limits.set("ada", 1);
    assert.equal(await signIn("ada"), 1, "As many leave as it takes (spring-security's 'exceeded by two')");
  });

  // Proves ASVS 16.5.3.
  it("that is not known lets nobody in, and ends nobody", async () => {
    for (const maximum of [0, -1, 1.5, Number.NaN, "3", undefined, null] as number[]) {
      const at = house({ policy: { maxSessions: (userId) => (userId === "ada" ? maximum : 1) } });
      await at.sessions.create("bob");
      await assert.rejects(at.sessions.create("ada"), TypeError);
      assert.deepEqual(at.told(), ["created"]);
    }
    const down = house({ policy: { maxSessions: () => Promise.reject(new Error("users are down")) } });
    await assert.rejects(down.sessions.create("ada"), /users are down/);
    assert.deepEqual(await down.sessions.list("ada"), []);
  });

  // Proves WSTG-SESS-11.
  it("holds exactly under 50 parallel sign-ins", async () => {
    const at = house({ policy: { maxSessions: 3 } });
    await Promise.all(Array.from({ length: 50 }, () => at.sessions.create("ada")));
    assert.equal((await at.sessions.list("ada")).length, 3);
    assert.equal(at.told().filter((type) => type === "evicted").length, 47);
    const byFunction = house({ policy: { maxSessions: async () => 3, onLimit: "refuse" } });
    const attempts = Array.from({ length: 50 }, () => byFunction.sessions.create("ada"));
    const outcomes = await Promise.allSettled(attempts);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal((await byFunction.sessions.list("ada")).length, 3);
  });
});

describe("a sign-in against a concurrent password change", () => {
  it("revokes its own session when what it checked no longer holds", async () => {
    const at = house();
    const stillValid = async () => false;
    await assert.rejects(at.sessions.create("ada", { stillValid }), refusedAs("sign-in-outdated"));
    assert.deepEqual(await at.sessions.list("ada"), []);
    assert.deepEqual(at.told(), ["created", "revoked"]);
  });

  it("asks only after the session is written, so that one of the two always sees the other", async () => {
    const at = house();
    let seen = -1;
    const stillValid = async () => {
      seen = (await at.sessions.list("ada")).length;
      return true;
    };
    await at.sessions.create("ada", { stillValid });
    assert.equal(seen, 1);
  });

  // Proves ASVS 16.5.3.
  it("leaves no session when the question itself fails", async () => {
    const at = house();
    const stillValid = () => Promise.reject(new Error("users are down"));
    await assert.rejects(at.sessions.create("ada", { stillValid }), /users are down/);
    assert.deepEqual(await at.sessions.list("ada"), []);
  });
});
