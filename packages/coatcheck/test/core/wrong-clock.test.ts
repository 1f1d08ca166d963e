/** A node whose clock is wrong harms nobody's sessions, from the moment on when it jumps. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { houseOf } from "../../src/core/manager.ts";
import type { PolicyOptions } from "../../src/core/policy.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { SessionToken } from "../../src/core/token.ts";
import { examine, refresh } from "../../src/remember/remember-token.ts";
import { firefox, grace, type RememberedBrowser, RememberHouse } from "../remember/house.ts";
import { askedMemory, type House, hour, house, minute, outcome, second } from "./house.ts";

interface TwoNodes {
  readonly store: SessionStore;
  readonly right: House;
  /** Its clock is that of the machine, and `jump` sets it. */
  readonly wrong: House;
  jump(milliseconds: number): void;
}

/**
 * Two nodes on one store, whose clock is that of the one.
 * @param isNamed whether the other is given the clock of its machine, as coatcheck-server does.
 */
async function twoNodes(t: TestContext, policy: PolicyOptions, isNamed = true): Promise<TwoNodes> {
  const machine = Date.now;
  let offset = 0;
  t.mock.method(Date, "now", () => machine() + offset);
  const store = Object.assign(askedMemory(), { time: async () => machine() });
  const wrong = house({ store, policy, now: isNamed ? Date.now : undefined! });
  await wrong.sessions.ready();
  return {
    store,
    right: house({ store, policy, now: machine }),
    wrong,
    jump: (milliseconds) => {
      offset += milliseconds;
    },
  };
}

describe("a node whose clock has jumped, and that nobody has asked since,", () => {
  for (const [direction, offset] of Object.entries({ ahead: 10 * minute, behind: -10 * minute })) {
    test(`renews nothing, so that no grace ends at the wrong time (${direction})`, async (t) => {
      const { right, wrong, jump } = await twoNodes(t, { renewAfter: 1 });
      const { token } = await right.sessions.create("ada");
      const successor = (await right.sessions.renew(token))!;
      jump(offset);
      assert.equal(await outcome(wrong, successor, { canRenew: true }), "valid");
      assert.equal(await wrong.sessions.renew(successor), undefined);
      assert.equal(await outcome(right, token), "valid");
      assert.equal(await outcome(right, successor), "valid");
      assert.equal(await outcome(right, token), "superseded");
    });
  }

  test("takes no token for stolen whose grace is not over elsewhere", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, {});
    const { token } = await right.sessions.create("ada");
    const successor = (await right.sessions.renew(token))!;
    assert.equal(await outcome(right, successor), "valid");
    jump(10 * minute);
    assert.equal(await outcome(wrong, token), "theft");
    assert.equal(await outcome(right, successor), "valid");
    assert.deepEqual(wrong.told(), ["rejected"]);
  });

  for (const isNamed of [true, false]) {
    test(`notices it by itself, ${isNamed ? "also where it was given Date.now" : "without being given a clock"}`, async (t) => {
      const { right, wrong, jump } = await twoNodes(t, {}, isNamed);
      const { token } = await right.sessions.create("ada");
      assert.ok(await wrong.sessions.renew(token));
      jump(10 * minute);
      const { token: another } = await right.sessions.create("ada");
      assert.equal(await wrong.sessions.renew(another), undefined);
    });
  }

  test("ends for theft what is presented with a secret that never had a grace: no clock makes that right", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, {});
    const { token } = await right.sessions.create("ada");
    jump(10 * minute);
    assert.equal(await outcome(wrong, token.refreshed()), "theft");
    assert.equal(await outcome(right, token), "ended");
    assert.deepEqual(wrong.told(), ["theft", "rejected"]);
  });

  test("proves nobody's password again: that is an outage, and the old secret stays what it was", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, {});
    const { token } = await right.sessions.create("ada");
    jump(-10 * minute);
    await assert.rejects(wrong.sessions.reauthenticate(token), StoreUnavailableError);
    assert.equal(await outcome(right, token), "valid");
  });

  test("does not touch, and says so to who asks for it", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, {});
    const { session } = await right.sessions.create("ada");
    jump(10 * minute);
    await assert.rejects(wrong.sessions.touch(session), StoreUnavailableError);
    assert.equal((await right.sessions.find(session.id))?.expiresAt, session.expiresAt);
  });

  test("lets nobody sign in while the store does not say how wrong it is", async (t) => {
    const { store, right, wrong, jump } = await twoNodes(t, { maxSessions: 3 });
    const { token } = await right.sessions.create("ada");
    jump(2 * hour);
    store.time = async () => Promise.reject(new Error("down"));
    await assert.rejects(wrong.sessions.create("ada"), StoreUnavailableError);
    assert.equal(await outcome(right, token), "valid");
  });

  test("removes nobody's session as expired, at a sign-in or when it prunes", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, { maxSessions: 3 });
    const { token } = await right.sessions.create("ada");
    jump(2 * hour);
    await wrong.sessions.create("ada");
    assert.equal(await wrong.sessions.prune(), 0);
    assert.equal(await outcome(right, token), "valid");
  });

  test("is ready, and does all of it, when its clock is right again", async (t) => {
    const { right, wrong, jump } = await twoNodes(t, {});
    const { token } = await right.sessions.create("ada");
    jump(2 * hour);
    assert.equal((await wrong.sessions.ready()).problem, "clock-skew");
    assert.equal(await wrong.sessions.renew(token), undefined);
    jump(-2 * hour);
    assert.equal((await wrong.sessions.ready()).ready, true);
    assert.ok(await wrong.sessions.renew(token));
  });
});

test("a remembered browser does not come back by a wrong clock: that is an outage, and it is not forgotten", async () => {
  const store = askedMemory();
  const at = new RememberHouse(store);
  const ada = await at.remembered();
  store.time = async () => at.clock.now() - 2 * hour;
  await at.sessions.ready();
  ada.forgetSession();
  await assert.rejects(ada.visit(), StoreUnavailableError);
  store.time = async () => at.clock.now();
  at.clock.advance(second);
  assert.ok(await ada.visit());
  assert.equal((await at.sessions.list("ada")).length, 1);
});

describe("a remembered browser before a node whose clock is wrong", () => {
  test("keeps a renewal that its successor would complete: its grace would end at the wrong time", async () => {
    const { at, ada } = await returned();
    await putAhead(at, 10 * minute);
    const token = rememberToken(ada);
    assert.equal((await examine(houseOf(at.sessions), token, firefox)).kind, "grace");
    const record = await at.store.remember!.find(token.id);
    assert.equal(record?.pending?.secretHash, token.secretHash);
  });

  test("gets no other secret: that is an outage", async () => {
    const { at, ada } = await returned();
    const [sessionId] = (await at.sessions.list("ada")).map(({ id }) => id);
    await putAhead(at, 10 * minute);
    const refreshing = refresh(houseOf(at.sessions), rememberToken(ada), firefox, sessionId!);
    await assert.rejects(refreshing, StoreUnavailableError);
  });

  test("is not forgotten for a former secret, whose grace may not be over, and is for one that never had any", async () => {
    const { at, ada, former } = await returned();
    await ada.visit();
    await putAhead(at, 2 * grace);
    assert.equal((await examine(houseOf(at.sessions), former, firefox)).kind, "theft");
    assert.ok(await at.store.remember!.find(former.id));
    assert.deepEqual(at.told("theft"), []);
    assert.equal((await examine(houseOf(at.sessions), former.refreshed(), firefox)).kind, "theft");
    assert.equal(await at.store.remember!.find(former.id), undefined);
    assert.deepEqual(at.told("theft"), ["theft"]);
  });
});

test("a proof from the future, which a wrong clock has written, is not recent, beyond the five seconds that clocks may differ", async () => {
  const at = new RememberHouse(askedMemory());
  const ada = at.browser();
  await ada.signIn("ada", false);
  at.clock.advance(-5 * second);
  await ada.visit(async (auth) => assert.equal(await auth.isRecent(minute), true));
  at.clock.advance(-1);
  await ada.visit(async (auth) => assert.equal(await auth.isRecent(minute), false));
});

/** Ada's browser has come back, and has the successor of the token that it was remembered by; nobody has seen it yet. */
async function returned(): Promise<{ at: RememberHouse; ada: RememberedBrowser; former: SessionToken }> {
  const at = new RememberHouse(askedMemory());
  const ada = await at.remembered();
  const former = rememberToken(ada);
  ada.forgetSession();
  await ada.visit();
  return { at, ada, former };
}

function rememberToken({ cookie }: RememberedBrowser): SessionToken {
  return SessionToken.parse(/__Host-remember=([^;]+)/.exec(cookie!)![1]!)!;
}

async function putAhead({ store, sessions, clock }: RememberHouse, offset: number): Promise<void> {
  clock.advance(offset);
  store.time = async () => clock.now() - offset;
  await sessions.ready();
}
