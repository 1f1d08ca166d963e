/** A live connection dies with its session: `session.signal`. */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { SessionEndedError, StoreUnavailableError } from "../../src/core/errors.ts";
import { houseOf, SessionManager } from "../../src/core/manager.ts";
import { giveTo, type Session } from "../../src/core/session.ts";
import { type EndReason, isEnded, type SessionStore } from "../../src/core/store.ts";
import { cached } from "../../src/stores/cached.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { ToldMemory } from "../cached/told-memory.ts";
import { askedMemory, firefox, hour, house, minute } from "./house.ts";

/** Why the session ended, as its signal says; `alive` if it does not. */
function said(session: Session): EndReason | "alive" | undefined {
  if (!session.signal.aborted) return "alive";
  assert.ok(session.signal.reason instanceof SessionEndedError);
  assert.equal(session.signal.reason.code, "session-ended");
  return session.signal.reason.reason;
}

function look({ sessions }: { readonly sessions: SessionManager }): Promise<void> {
  return houseOf(sessions).watched.look();
}

function watchedBy({ sessions }: { readonly sessions: SessionManager }): number {
  return houseOf(sessions).watched.size;
}

/** Two nodes that share a store and a clock, and nothing else. */
function twoNodes(store: SessionStore = askedMemory()) {
  const clock = manualClock();
  const node = () => ({ sessions: new SessionManager({ store, now: clock.now }), clock });
  return { clock, store, here: node(), there: node() };
}

/** A connection that a test closes. */
function connection() {
  const listeners: (() => void)[] = [];
  return {
    onClose: (listener: () => void) => void listeners.push(listener),
    close: () => {
      for (const listener of listeners) listener();
    },
  };
}

describe("the signal of a session", () => {
  const endings: Readonly<
    Record<string, readonly [EndReason, (at: ReturnType<typeof house>, session: Session) => Promise<unknown>]>
  > = {
    "when it is revoked": ["revoked", ({ sessions }, { id }) => sessions.revoke(id)],
    "when its user signs out": [
      "logout",
      ({ sessions }, { id }) => sessions.revoke(id, { reason: "logout" }),
    ],
    "when its user is disabled": [
      "account-changed",
      ({ sessions }, { userId }) => sessions.revokeAll(userId, { reason: "account-changed" }),
    ],
    "when its browser signs in again": [
      "replaced",
      ({ sessions }, replacing) => sessions.create("ada", { replacing }),
    ],
    "when another device takes its place": ["evicted", ({ sessions }) => sessions.create("ada")],
    "when it has expired, and is pruned": [
      "expired",
      ({ sessions, clock }) => {
        clock.advance(hour);
        return sessions.prune();
      },
    ],
  };
  for (const [when, [reason, end]] of Object.entries(endings)) {
    it(`aborts ${when}, at once on the same node`, async () => {
      const at = house({ policy: { maxSessions: 1 } });
      const { session } = await at.sessions.create("ada");
      assert.equal(said(session), "alive");
      await end(at, session);
      assert.equal(said(session), reason);
      assert.equal(watchedBy(at), 0);
    });

    it(`aborts ${when}, on another node by the next look`, async () => {
      const store = askedMemory();
      const there = house({ store, policy: { maxSessions: 1 } });
      const here = house({ store, now: there.clock.now });
      const { session } = await there.sessions.create("ada");
      const seen = (await here.sessions.find(session.id))!;
      assert.equal(said(seen), "alive");
      await end(there, session);
      assert.equal(said(seen), "alive");
      await look(here);
      assert.equal(said(seen), reason);
    });
  }

  it("aborts with theft, wherever the copy was presented", async () => {
    const { clock, here, there } = twoNodes();
    const { token, session } = await here.sessions.create("ada", { client: firefox });
    const successor = (await here.sessions.renew(token, firefox))!;
    await here.sessions.validate(successor, { client: firefox });
    clock.advance(minute);
    const seen = (await there.sessions.find(session.id))!;
    assert.deepEqual([said(session), said(seen)], ["alive", "alive"]);
    const validation = await there.sessions.validate(token, { client: firefox });
    assert.deepEqual(validation.ok || validation.rejection, { reason: "theft" });
    assert.equal(said(seen), "theft");
    await look(here);
    assert.equal(said(session), "theft");
  });

  it("does not abort at a renewal, a use, a change of data or a new proof", async () => {
    const { clock, here, there } = twoNodes();
    const { token, session } = await here.sessions.create("ada", { client: firefox });
    assert.equal(said(session), "alive");
    const successor = (await there.sessions.renew(token, firefox))!;
    await there.sessions.validate(successor, { client: firefox });
    await there.sessions.update(session.id, { theme: "dark" });
    await there.sessions.reauthenticate(successor, { client: firefox });
    clock.advance(29 * minute);
    await there.sessions.touch(session);
    clock.advance(29 * minute);
    await look(here);
    assert.equal(said(session), "alive");
  });

  it("aborts when nobody used the session for too long: to be connected is no use of it", async () => {
    const { clock, here } = twoNodes();
    const { session } = await here.sessions.create("ada");
    for (let minutes = 0; minutes < 29; minutes++) {
      assert.equal(said(session), "alive");
      clock.advance(minute);
      await look(here);
    }
    clock.advance(minute);
    await look(here);
    assert.equal(said(session), "expired");
  });

  it("aborts at the absolute deadline, however busy the connection", async () => {
    const { clock, here } = twoNodes();
    const { session } = await here.sessions.create("ada");
    for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
      assert.equal(said(session), "alive");
      clock.advance(20 * minute);
      await here.sessions.touch(session);
      await look(here);
    }
    assert.equal(said(session), "expired");
  });

  it("says that it does not know why, when the session is gone without a trace", async () => {
    const gone = Object.assign<SessionStore, Partial<SessionStore>>(askedMemory(), {
      find: async () => undefined,
    });
    const clock = manualClock();
    const sessions = new SessionManager({ store: gone, now: clock.now });
    const { session } = await sessions.create("ada");
    assert.equal(said(session), "alive");
    await look({ sessions });
    assert.equal(said(session), undefined);
    assert.match(String(session.signal.reason), /The session ended$/);
  });

  it("says expired of what the store dropped when its time had come", async () => {
    const { clock, store, here } = twoNodes();
    const { session } = await here.sessions.create("ada");
    assert.equal(said(session), "alive");
    clock.advance(hour);
    await store.deleteExpired(clock.now(), 10);
    assert.equal(await store.find(session.id), undefined);
    await look(here);
    assert.equal(said(session), "expired");
  });

  it("does not abort while the store is down, whatever ended meanwhile; then it does (P6)", async () => {
    const { store, here, there } = twoNodes();
    const { session } = await here.sessions.create("ada");
    const { session: other } = await here.sessions.create("eve");
    assert.deepEqual([said(session), said(other)], ["alive", "alive"]);
    await there.sessions.revoke(session.id);
    const find = store.find;
    store.find = async () => {
      throw new Error("connect ECONNREFUSED");
    };
    await assert.rejects(here.sessions.find(session.id), StoreUnavailableError);
    for (let looks = 0; looks < 10; looks++) await look(here);
    assert.deepEqual([said(session), said(other)], ["alive", "alive"]);
    store.find = find;
    await look(here);
    assert.deepEqual([said(session), said(other)], ["revoked", "alive"]);
  });

  it("aborts at once where a cache is told, and is not asked for while the cache has it", async () => {
    const backend = new ToldMemory();
    const clock = manualClock();
    const near = cached(backend.node().store);
    await near.prove();
    const here = { sessions: new SessionManager({ store: near, now: clock.now }) };
    const there = { sessions: new SessionManager({ store: backend.node().store, now: clock.now }) };
    const { token } = await there.sessions.create("ada");
    const validation = await here.sessions.validate(token);
    assert.ok(validation.ok);
    const { session } = validation;
    assert.equal(said(session), "alive");
    const find = mock.method(backend.memory, "find");
    for (let looks = 0; looks < 10; looks++) await look(here);
    assert.equal(find.mock.callCount(), 0);
    const aborted = new Promise((resolve) => session.signal.addEventListener("abort", resolve));
    await there.sessions.revoke(session.id, { reason: "credentials-changed" });
    await aborted;
    assert.equal(said(session), "credentials-changed");
    await near.close();
  });

  it("aborts by looking where the cache is told nothing any more", async () => {
    const backend = new ToldMemory();
    const clock = manualClock();
    const uptime = { now: 0 };
    const { store, channel } = backend.node();
    const near = cached(store, { now: () => uptime.now });
    await near.prove();
    const here = { sessions: new SessionManager({ store: near, now: clock.now }) };
    const { session, token } = await here.sessions.create("ada");
    await here.sessions.validate(token);
    assert.equal(said(session), "alive");
    channel.cut();
    await backend.memory.delete(session.id, "revoked", clock.now());
    await look(here);
    assert.equal(said(session), "alive", "Until maxStaleness the cache may not know");
    uptime.now += 1_000;
    await look(here);
    assert.equal(said(session), "revoked");
    channel.mend();
    await near.close();
  });
});

describe("a watch of sessions", () => {
  it("begins when a signal is first read, and looks by itself", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { here, store } = twoNodes();
    const { session } = await here.sessions.create("ada");
    const find = t.mock.method(store, "find");
    t.mock.timers.tick(10_000);
    assert.equal(find.mock.callCount(), 0);
    const { signal } = session;
    assert.equal(session.signal, signal);
    t.mock.timers.tick(1_000);
    await look(here);
    assert.ok(find.mock.callCount() > 0);
    assert.equal(signal.aborted, false);
  });

  it("asks once for a session, however many connections it has, and tells them all", async (t) => {
    const { here, store, there } = twoNodes();
    const { session } = await here.sessions.create("ada");
    const seen = await Promise.all(
      Array.from({ length: 100 }, async () => (await here.sessions.find(session.id))!),
    );
    assert.ok(seen.every((each) => said(each) === "alive"));
    assert.equal(watchedBy(here), 1);
    const find = t.mock.method(store, "find");
    await look(here);
    assert.equal(find.mock.callCount(), 1);
    await there.sessions.revoke(session.id);
    await look(here);
    assert.ok(seen.every((each) => said(each) === "revoked"));
  });

  it("of a thousand sessions asks for few at a time, and leaves nothing behind when their connections close", async (t) => {
    const { here, store } = twoNodes();
    const connections = Array.from({ length: 1_000 }, connection);
    let asked = 0;
    let most = 0;
    for (const [index, each] of connections.entries()) {
      const { session } = await here.sessions.create(`user ${index}`);
      giveTo(session, each);
      assert.equal(said(session), "alive");
    }
    const find = store.find.bind(store);
    const counted = t.mock.method(store, "find", async (id: Session["id"]) => {
      asked += 1;
      most = Math.max(most, asked);
      const found = await find(id);
      asked -= 1;
      assert.ok(found && !isEnded(found));
      return found;
    });
    await look(here);
    assert.equal(counted.mock.callCount(), 1_000);
    assert.ok(most <= 256, `${most} at once`);
    assert.equal(watchedBy(here), 1_000);
    for (const { close } of connections) close();
    assert.equal(watchedBy(here), 0);
    await look(here);
    assert.equal(counted.mock.callCount(), 1_000);
  });

  it("goes on while one of two connections of a session is open", async () => {
    const { here } = twoNodes();
    const { session } = await here.sessions.create("ada");
    const again = (await here.sessions.find(session.id))!;
    const [first, second] = [connection(), connection()];
    giveTo(session, first);
    giveTo(again, second);
    assert.deepEqual([said(session), said(again)], ["alive", "alive"]);
    first.close();
    first.close();
    assert.equal(watchedBy(here), 1);
    await here.sessions.revoke(session.id);
    assert.deepEqual([said(session), said(again)], ["alive", "revoked"]);
  });

  it("ends with its manager, and aborts nothing", async () => {
    const { here } = twoNodes();
    const { session } = await here.sessions.create("ada");
    assert.equal(said(session), "alive");
    await here.sessions.close();
    assert.equal(watchedBy(here), 0);
    assert.equal(said(session), "alive");
  });
});
