/** P4: renewal never signs anyone out, and a replayed old token is still caught. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionToken } from "../../src/core/token.ts";
import {
  chrome,
  firefox,
  firefoxUpdated,
  type House,
  hour,
  house,
  minute,
  outcome,
  second,
} from "./house.ts";

const fromFirefox = { client: firefox, canRenew: true };

/** A session whose secret is due for renewal. */
async function due(): Promise<House & { token: SessionToken }> {
  const base = house({ policy: { idleTimeout: 2 * hour } });
  const { token } = await base.sessions.create("ada", { client: firefox });
  base.clock.advance(hour);
  return { ...base, token };
}

async function successorOf(
  at: House,
  token: SessionToken,
  request = fromFirefox,
): Promise<SessionToken | undefined> {
  const validation = await at.sessions.validate(token, request);
  assert.ok(validation.ok);
  return validation.successor;
}

describe("renewal", () => {
  it("begins at the first request after an hour that can carry a cookie", async () => {
    const at = house({ policy: { idleTimeout: 2 * hour } });
    const { token } = await at.sessions.create("ada", { client: firefox });
    at.clock.advance(hour - 1);
    assert.equal(await successorOf(at, token), undefined);
    at.clock.advance(1);
    assert.equal(await successorOf(at, token, { client: firefox, canRenew: false }), undefined);
    assert.ok(await successorOf(at, token));
    assert.deepEqual(at.told(), ["created", "renewed"]);
  });

  // Proves VilnaCRM#474.
  it("gives parallel requests one successor, and all of them pass", async () => {
    const at = await due();
    const validations = await Promise.all(
      Array.from({ length: 20 }, () => at.sessions.validate(at.token, fromFirefox)),
    );
    const successors = validations.map((validation) => validation.ok && validation.successor?.reveal());
    assert.ok(validations.every(({ ok }) => ok));
    assert.equal(new Set(successors.filter(Boolean)).size, 1);
    assert.equal(at.told().filter((type) => type === "renewed").length, 1);
  });

  it("sends the same successor again while nobody has seen it, however often answers are lost", async () => {
    const at = await due();
    const first = await successorOf(at, at.token);
    at.clock.advance(90 * minute);
    const again = await successorOf(at, at.token);
    assert.equal(again?.reveal(), first?.reveal());
    assert.equal(await outcome(at, again!, fromFirefox), "valid");
  });

  it("goes on after an update of the browser", async () => {
    const at = await due();
    const first = await successorOf(at, at.token);
    const again = await successorOf(at, at.token, { client: firefoxUpdated, canRenew: true });
    assert.equal(again?.reveal(), first?.reveal());
  });

  it("sends it in no answer that carries no cookie", async () => {
    const at = await due();
    await successorOf(at, at.token);
    assert.equal(await successorOf(at, at.token, { client: firefox, canRenew: false }), undefined);
    assert.equal(await outcome(at, at.token, fromFirefox), "valid");
  });

  it("accepts the old secret from another client meanwhile, and sends it no successor", async () => {
    const at = await due();
    await successorOf(at, at.token);
    assert.equal(await successorOf(at, at.token, { client: chrome, canRenew: true }), undefined);
  });

  it("does not begin while one is pending", async () => {
    const at = await due();
    const first = await successorOf(at, at.token);
    at.clock.advance(90 * minute);
    const renewed = await at.sessions.renew(at.token, firefox);
    assert.equal(renewed?.reveal(), first?.reveal());
    assert.equal(await at.sessions.renew(at.token, chrome), undefined);
    assert.equal(at.told().filter((type) => type === "renewed").length, 1);
  });

  it("accepts the old secret for the grace after the successor was seen, without a cookie", async () => {
    const at = await due();
    const successor = await successorOf(at, at.token);
    assert.equal(await outcome(at, successor!), "valid");
    at.clock.advance(30 * second - 1);
    const late = await at.sessions.validate(at.token, fromFirefox);
    assert.ok(late.ok && late.superseded);
    assert.equal(late.successor, undefined);
  });

  // Proves fastify/session#240.
  it("takes the old secret for theft after the grace: the session is revoked and an event says so", async () => {
    const at = await due();
    const successor = await successorOf(at, at.token);
    await outcome(at, successor!);
    at.clock.advance(30 * second);
    const thief = { ip: "203.0.113.9", ...chrome };
    assert.equal(await outcome(at, at.token, { client: thief }), "theft");
    assert.equal(await outcome(at, successor!), "ended");
    const theft = at.events.find(({ type }) => type === "theft");
    assert.ok(theft?.type === "theft");
    assert.deepEqual([theft.userId, theft.client], ["ada", thief]);
  });

  it("revokes once and tells once when both sides of a theft come at the same time", async () => {
    const at = await due();
    await outcome(at, (await successorOf(at, at.token))!);
    at.clock.advance(minute);
    await Promise.all([at.sessions.validate(at.token), at.sessions.validate(at.token)]);
    assert.equal(at.told().filter((type) => type === "theft").length, 1);
  });

  it("is in the store alone: a node that has just started sends the same successor and finds the theft (CVE-2026-9802)", async () => {
    const at = await due();
    const restarted = () => new SessionManager({ store: at.store, now: at.clock.now, warn: assert.fail });
    const successor = await successorOf(at, at.token);
    const again = await restarted().validate(at.token, fromFirefox);
    assert.equal(again.ok && again.successor?.reveal(), successor?.reveal());
    assert.ok((await restarted().validate(successor)).ok);
    at.clock.advance(30 * second);
    const replayed = await restarted().validate(at.token, fromFirefox);
    assert.deepEqual(replayed, { ok: false, rejection: { reason: "theft" } });
    assert.equal((await restarted().validate(successor)).ok, false);
  });

  it("keeps every secret of a chain in its own grace", async () => {
    const at = house();
    const first = (await at.sessions.create("ada", { client: firefox })).token;
    const second_ = (await at.sessions.renew(first, firefox))!;
    assert.equal(await outcome(at, second_), "valid");
    at.clock.advance(20 * second);
    const third = (await at.sessions.renew(second_, firefox))!;
    assert.equal(await outcome(at, third), "valid");
    assert.equal(await outcome(at, first), "superseded");
    assert.equal(await outcome(at, second_), "superseded");
    at.clock.advance(10 * second);
    assert.equal(await outcome(at, second_), "superseded");
    assert.equal(await outcome(at, first), "theft");
  });

  it("does not prolong the session", async () => {
    const at = house({ policy: { idleTimeout: hour, absoluteTimeout: 2 * hour } });
    let { token } = await at.sessions.create("ada", { client: firefox });
    for (let i = 0; i < 5; i++) {
      at.clock.advance(20 * minute);
      token = (await at.sessions.renew(token, firefox))!;
      assert.equal(await outcome(at, token), "valid");
    }
    at.clock.advance(20 * minute);
    assert.equal(await outcome(at, token), "absolute-timeout");
  });

  it("keeps the id, the user and the data", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada", { client: firefox, data: { theme: "dark" } });
    const validation = await at.sessions.validate((await at.sessions.renew(token, firefox))!);
    assert.ok(validation.ok);
    assert.deepEqual(
      [validation.session.id, validation.session.userId, validation.session.data],
      [session.id, "ada", { theme: "dark" }],
    );
  });

  it("goes on with the present secret when it cannot be written", async () => {
    const at = await due();
    at.store.update = () => Promise.reject(new Error("read-only"));
    assert.equal(await successorOf(at, at.token), undefined);
    assert.match(at.warnings.join(), /renewal could not be written/);
  });
});

describe("re-authentication", () => {
  // Proves ASVS 7.2.4.
  it("makes the sign-in recent again and replaces the secret by one that nobody can derive", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada", { client: firefox });
    at.clock.advance(20 * minute);
    const again = await at.sessions.reauthenticate(token, { amr: ["pwd", "otp"], client: firefox });
    assert.ok(again);
    assert.equal(again.session.authenticatedAt, at.clock.now());
    assert.deepEqual(again.session.amr, ["pwd", "otp"]);
    const validation = await at.sessions.validate(again.token);
    assert.ok(validation.ok && !validation.superseded);
    assert.equal(validation.session.authenticatedAt, at.clock.now());
    assert.deepEqual(at.told(), ["created", "reauthenticated"]);
  });

  it("lets the old secret open ordinary doors for the grace, and never sends it a new one", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada", { client: firefox });
    await at.sessions.reauthenticate(token, { client: firefox });
    const validation = await at.sessions.validate(token, fromFirefox);
    assert.ok(validation.ok && validation.superseded);
    assert.equal(validation.successor, undefined);
    at.clock.advance(30 * second);
    assert.equal(await outcome(at, token), "theft");
  });

  it("ends a pending renewal, whose successor still opens ordinary doors for the grace", async () => {
    const at = await due();
    const successor = await successorOf(at, at.token);
    const again = await at.sessions.reauthenticate(at.token, { client: firefox });
    assert.equal(await outcome(at, successor!), "superseded");
    assert.equal(await outcome(at, at.token), "superseded");
    assert.equal(await outcome(at, again!.token), "valid");
  });

  it("is not to be had with a token that opens nothing", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    await at.sessions.revoke(session.id);
    assert.equal(await at.sessions.reauthenticate(token), undefined);
  });
});
