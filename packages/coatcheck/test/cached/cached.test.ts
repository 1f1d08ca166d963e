/** What a cache may say, and when it must be silent: two nodes, and a channel that the test holds up and cuts. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionStore } from "../../src/core/store.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { resolveAuth } from "../../src/http/auth-settings.ts";
import { recentAuth } from "../../src/http/guard.ts";
import { RequestAuth } from "../../src/http/request-auth.ts";
import { Trust } from "../../src/stores/cached/trust.ts";
import { type CachedSessionStore, type CacheOptions, cached } from "../../src/stores/cached.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { chrome, firefox, hour, minute } from "../core/house.ts";
import { type Channel, ToldMemory } from "./told-memory.ts";

interface Node {
  readonly sessions: SessionManager;
  readonly cache: CachedSessionStore;
  readonly channel: Channel;
  /** How often the store was asked for a session. */
  asked(): number;
}

interface Nodes {
  readonly here: Node;
  readonly there: Node;
  readonly clock: ManualClock;
  readonly steady: ManualClock;
  readonly backend: ToldMemory;
}

async function nodes(options: CacheOptions = {}): Promise<Nodes> {
  const backend = new ToldMemory();
  const clock = manualClock();
  const steady = manualClock();
  const open = async (): Promise<Node> => {
    const { store, channel } = backend.node();
    let finds = 0;
    const find: SessionStore["find"] = (id) => {
      finds += 1;
      return store.find(id);
    };
    const counted = { ...store, find };
    const cache = cached(counted, { now: steady.now, ...options });
    await cache.prove();
    const policy = { fingerprint: { signals: "tolerant", reaction: "reject" } } as const;
    const sessions = new SessionManager({ store: cache, now: clock.now, policy, warn: assert.fail });
    return { sessions, cache, channel, asked: () => finds };
  };
  return { here: await open(), there: await open(), clock, steady, backend };
}

/** A session of which this node has a record. */
async function known({ sessions }: Node): Promise<SessionToken> {
  const { token } = await sessions.create("ada", { client: firefox });
  await opens(sessions, token);
  return token;
}

async function opens(sessions: SessionManager, token: SessionToken, request = {}): Promise<boolean> {
  return (await sessions.validate(token, { client: firefox, ...request })).ok;
}

/** How often the store is asked while this token is validated. */
async function questions(node: Node, token: SessionToken, request = {}): Promise<number> {
  const before = node.asked();
  await node.sessions.validate(token, { client: firefox, ...request });
  return node.asked() - before;
}

function request({ sessions }: Node, cookie?: string): RequestAuth {
  return new RequestAuth(sessions, resolveAuth({}), {
    method: "POST",
    remoteAddress: "192.0.2.1",
    encrypted: true,
    header: (name) => (name === "cookie" ? cookie : undefined),
  });
}

describe("A cache answers", () => {
  test("for the current token of a live session, without asking the store", async () => {
    const { here } = await nodes();
    const token = await known(here);
    assert.equal(await questions(here, token), 0);
    assert.equal(await opens(here.sessions, token), true);
  });

  test("nothing else: an older secret, a guess, another client, strict and due renewal ask the store", async () => {
    const { here, clock } = await nodes();
    const token = await known(here);
    assert.equal(await questions(here, token.refreshed()), 1);
    assert.equal(await opens(here.sessions, token), false, "An invented secret of the family is theft");
    const another = await known(here);
    assert.equal(await questions(here, another, { client: chrome }), 1);
    assert.equal(await questions(here, another, { strict: true }), 1);
    assert.equal(await questions(here, another), 0);
    for (let passed = 0; passed < hour; passed += 20 * minute) {
      clock.advance(20 * minute);
      await opens(here.sessions, another);
      await here.sessions.close();
    }
    assert.equal(await questions(here, another), 0);
    assert.equal(await questions(here, another, { canRenew: true }), 1);
  });

  test("not while a renewal is pending", async () => {
    const { here } = await nodes();
    const token = await known(here);
    const successor = (await here.sessions.renew(token, firefox))!;
    assert.equal(await questions(here, token), 1);
    assert.equal(await questions(here, token), 1);
    assert.equal(here.cache.recent(token.id), undefined, "What it has says that nothing is pending");
    await opens(here.sessions, successor);
    await opens(here.sessions, successor);
    assert.equal(await questions(here, successor), 0);
    assert.equal(await questions(here, token), 1, "The replaced secret is in its grace, as the store says");
  });

  test("not beyond a deadline; the store may know of a later use on another node", async () => {
    const { here, there, clock } = await nodes();
    const token = await known(here);
    clock.advance(29 * minute);
    await opens(there.sessions, token);
    await there.sessions.close();
    clock.advance(2 * minute);
    assert.equal(await opens(here.sessions, token), true);
    clock.advance(31 * minute);
    assert.equal(await opens(here.sessions, token), false);
  });

  test("with what another node has written to the session's data", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    await there.sessions.update(token.id, { theme: "dark" });
    const validation = await here.sessions.validate(token, { client: firefox });
    assert.deepEqual(validation.ok && validation.session.data, { theme: "dark" });
  });

  test("with the times of its own touches, without asking the store again", async () => {
    const { here, clock } = await nodes();
    const token = await known(here);
    clock.advance(5 * minute);
    await opens(here.sessions, token);
    await here.sessions.close();
    const before = here.asked();
    const validation = await here.sessions.validate(token, { client: firefox });
    assert.equal(validation.ok && validation.session.lastSeenAt, clock.now());
    assert.equal(here.asked(), before);
  });
});

describe("A session that ends", () => {
  test("on this node is refused at once, even if the channel is silent", async () => {
    for (const end of [
      (sessions: SessionManager, token: SessionToken) => sessions.revoke(token.id),
      (sessions: SessionManager) => sessions.revokeAll("ada"),
    ]) {
      const { here } = await nodes();
      const token = await known(here);
      here.channel.cut();
      await end(here.sessions, token);
      assert.equal(await opens(here.sessions, token), false);
    }
  });

  test("on this node by a sign-in that takes its place is refused at once, even if the channel is silent", async () => {
    const { here } = await nodes();
    const token = await known(here);
    here.channel.cut();
    const validation = await here.sessions.validate(token, { client: firefox });
    assert.ok(validation.ok);
    await here.sessions.create("ada", { client: firefox, replacing: validation.session });
    assert.equal(await opens(here.sessions, token), false);
  });

  test("on another node is refused once all of its user ended here, even if the channel is silent", async () => {
    const { here, there } = await nodes();
    const [token, kept] = [await known(here), await known(here)];
    here.channel.cut();
    await there.sessions.revoke(token.id);
    assert.equal(await opens(here.sessions, token), true, "It cannot know yet");
    assert.equal(await here.sessions.revokeAll("ada", { except: kept.id }), 0);
    assert.equal(await opens(here.sessions, token), false);
    assert.equal(await questions(here, kept), 0, "What was excepted is kept");
  });

  test("on this node by a sign-in that it makes way for is refused at once, even if the channel is silent", async () => {
    const { here, clock } = await nodes();
    const token = await known(here);
    here.channel.cut();
    const limit = { maximum: 1, exceeded: "evict-oldest" } as const;
    await here.cache.insert(sessionRecord({ userId: "ada" }), clock.now(), limit);
    assert.equal(await opens(here.sessions, token), false);
  });

  test("on another node is refused once a sign-in here has taken its place, even if the channel is silent", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    const validation = await here.sessions.validate(token, { client: firefox });
    assert.ok(validation.ok);
    here.channel.cut();
    await there.sessions.revoke(token.id);
    await here.sessions.create("ada", { client: firefox, replacing: validation.session });
    assert.equal(await opens(here.sessions, token), false);
  });

  test("on another node is not kept by a find that was under way when all of its user ended here", async () => {
    const { backend, steady } = await nodes();
    const { store, channel } = backend.node();
    const { promise: arrival, resolve: arrive } = Promise.withResolvers<void>();
    let isSlow = false;
    const find: SessionStore["find"] = async (id) => {
      const found = await store.find(id);
      if (isSlow) await arrival;
      return found;
    };
    const cache = cached({ ...store, find }, { now: steady.now });
    await cache.prove();
    const sessions = new SessionManager({ store: cache, warn: assert.fail });
    const { token } = await sessions.create("ada", { client: firefox });
    isSlow = true;
    const reading = opens(sessions, token);
    channel.cut();
    await backend.node().store.delete(token.id, "revoked", 0);
    await sessions.revokeAll("ada");
    arrive();
    await reading;
    isSlow = false;
    assert.equal(await opens(sessions, token), false);
    await cache.close();
  });

  test("on another node is refused as soon as this one is told", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    await there.sessions.revoke(token.id);
    assert.equal(await opens(here.sessions, token), false);
  });

  test("on another node is refused after maxStaleness at the latest, with the channel cut", async () => {
    const { here, there, steady } = await nodes({ maxStaleness: 1_000 });
    const token = await known(here);
    here.channel.cut();
    await there.sessions.revoke(token.id);
    steady.advance(999);
    assert.equal(await opens(here.sessions, token), true, "It cannot know yet");
    steady.advance(1);
    assert.equal(await opens(here.sessions, token), false);
  });

  test("at once where the store is asked: validate with strict", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    here.channel.cut();
    await there.sessions.revoke(token.id);
    assert.equal(await opens(here.sessions, token), true, "It cannot know yet");
    assert.equal(await opens(here.sessions, token, { strict: true }), false);
    assert.equal(await opens(here.sessions, token), false, "Now it does");
  });

  test("at once before what demands a recent sign-in, and it says why: it is no question of the password", async () => {
    const { here, there } = await nodes();
    const before = request(here);
    await before.login("ada");
    const cookie = before.responseHeaders()!["Set-Cookie"][0]!.split(";", 1)[0]!;
    const session = await request(here, cookie).session();
    here.channel.cut();
    await there.sessions.revoke(session!.id, { reason: "credentials-changed" });
    const auth = request(here, cookie);
    assert.ok(await auth.session(), "It cannot know yet");
    const problem = await recentAuth(hour)(session!, auth);
    assert.deepEqual([problem?.status, problem?.reason], [401, "credentials-changed"]);
    assert.equal(await auth.session(), undefined);
  });

  test("at once where it is asked whether a sign-in is recent, also without using it", async () => {
    const { here, there } = await nodes();
    const before = request(here);
    await before.login("ada");
    const cookie = before.responseHeaders()!["Set-Cookie"][0]!.split(";", 1)[0]!;
    const { id } = (await request(here, cookie).session())!;
    here.channel.cut();
    await there.sessions.revoke(id);
    for (const peek of [true, false]) {
      const auth = request(here, cookie);
      assert.equal((await auth.session()) !== undefined, peek, "It cannot know until it has asked");
      assert.equal(await auth.isRecent(hour, { peek }), false);
    }
  });

  test("while it is being read is not kept: the read was in flight when its invalidation arrived", async () => {
    const { backend, there } = await nodes();
    const { token } = await there.sessions.create("ada", { client: firefox });
    const { store } = backend.node();
    const answering = Promise.withResolvers<void>();
    const slow = async (id: SessionToken["id"]) => {
      const found = await store.find(id);
      await answering.promise;
      return found;
    };
    const cache = cached({ ...store, find: slow }, { now: () => 0 });
    await cache.prove();
    const reading = cache.find(token.id);
    await there.sessions.revoke(token.id);
    answering.resolve();
    assert.equal((await reading)?.id, token.id);
    assert.equal(cache.recent(token.id), undefined);
  });
});

describe("A channel", () => {
  test("that was cut and mended counts again only after a proof, and nothing from before it is kept", async () => {
    const { here, there, steady } = await nodes();
    const token = await known(here);
    here.channel.cut();
    steady.advance(2_000);
    assert.equal(here.cache.isOn, false);
    assert.equal(here.cache.size, 0);
    await there.sessions.revoke(token.id);
    here.channel.mend();
    assert.equal(here.cache.isOn, false);
    await here.cache.prove();
    assert.equal(here.cache.isOn, true);
    assert.equal(await opens(here.sessions, token), false);
  });

  test("that was cut and mended within maxStaleness has lost what was told meanwhile: nothing is kept", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    here.channel.cut();
    await there.sessions.revoke(token.id);
    here.channel.mend();
    assert.equal(await opens(here.sessions, token), false);
  });

  test("that was cut and mended has nothing from before it, also where nobody asks before it is proven", async () => {
    const { here, there } = await nodes();
    const token = await known(here);
    here.channel.cut();
    await there.sessions.revoke(token.id);
    here.channel.mend();
    await here.cache.prove();
    assert.equal(await opens(here.sessions, token), false);
  });

  test("that says that it was cut is not trusted before it is proven, however lately it was: what is read meanwhile is not kept", async () => {
    const { here } = await nodes();
    here.channel.listener!.anyChanged();
    assert.equal(here.cache.isOn, false);
    await known(here);
    assert.equal(here.cache.size, 0);
    await here.cache.prove();
    assert.equal(here.cache.isOn, true);
  });

  test("that is late is trusted from when the proof was asked for, not from when it came", async () => {
    const { here, steady } = await nodes({ maxStaleness: 1_000 });
    here.channel.hold();
    const proof = here.cache.prove();
    await nextTurn();
    steady.advance(900);
    here.channel.release();
    await proof;
    assert.equal(here.cache.isOn, true);
    steady.advance(100);
    assert.equal(here.cache.isOn, false);
  });

  test("that was cut while a proof was on its way is not proven by it", async () => {
    const trust = new Trust(1_000, () => 0);
    const proof = Promise.withResolvers<void>();
    const renewal = trust.renew(() => proof.promise);
    trust.lose();
    proof.resolve();
    assert.equal(await renewal, false);
    assert.equal(trust.holds, false);
  });
});

describe("A cache", () => {
  test("keeps no more than it may, those that were used lately", async () => {
    const { here } = await nodes({ maximumSessions: 10 });
    const often = await known(here);
    for (let i = 0; i < 50; i++) {
      await known(here);
      await opens(here.sessions, often);
      assert.ok(here.cache.size <= 11, `${here.cache.size} are kept`);
    }
    assert.equal(await questions(here, often), 0);
  });

  test("empties itself when a write fails of which nobody knows whom it ended", async () => {
    const { here, backend } = await nodes();
    const { store } = backend.node();
    const failing = cached(
      { ...store, deleteByUser: () => Promise.reject(new Error("gone")) },
      { now: () => 0 },
    );
    await failing.prove();
    const token = await known(here);
    await failing.find(token.id);
    assert.equal(failing.size, 1);
    await assert.rejects(failing.deleteByUser("ada", "revoked", 0));
    assert.equal(failing.size, 0);
  });

  test("passes on what the store answers beside its sessions", async () => {
    const { store } = new ToldMemory().node();
    const cache = cached(store);
    assert.equal(cache.remember, store.remember);
    assert.equal(cache.throttle, store.throttle);
    assert.equal(cache.timeout, store.timeout);
    // What the store does not have is off, and not there and failing.
    assert.equal(cache.countAlive, undefined);
    assert.equal(cache.directory, undefined);
    await cache.close();
  });

  test("says in a diagnosis that it is off", async () => {
    const { here } = await nodes();
    assert.deepEqual(await here.cache.diagnose(), []);
    here.channel.mend();
    assert.deepEqual(
      (await here.cache.diagnose()).map(({ code }) => code),
      ["cache-off"],
    );
  });

  test("does not keep the process alive, also where heartbeats stay away", async () => {
    const program = `
      import { cached } from ${JSON.stringify(import.meta.resolve("../../src/stores/cached.ts"))};
      const silent = { watch: () => ({ prove: () => new Promise(() => {}) }) };
      cached(silent, { maxStaleness: 100 });`;
    const args = ["--no-warnings", "--input-type=module", "--eval", program];
    await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  });

  test("is refused before a store that tells nothing, and with options that make no sense", () => {
    const silent = new MemorySessionStore() as never;
    assert.throws(() => cached(silent), /cached needs a store that tells/);
    const { store } = new ToldMemory().node();
    assert.throws(() => cached(store, { maxStaleness: 0 }), TypeError);
    assert.throws(() => cached(store, { maximumSessions: 0.5 }), TypeError);
  });
});
