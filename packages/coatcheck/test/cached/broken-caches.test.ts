/** Caches that are wrong on purpose: what the suites of the real one are for is caught by them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionManager } from "../../src/core/manager.ts";
import { isEnded, type SessionRecord, type SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type CacheableStore, cached } from "../../src/stores/cached.ts";
import { ToldMemory } from "./told-memory.ts";

type MakeCache = (store: CacheableStore, now: () => number) => SessionStore;

/** What every cache must pass: each gives what a test of the real cache promises, in few words. */
const promises: Readonly<Record<string, (make: MakeCache) => Promise<void>>> = {
  "what is ended here is refused here at once": async (make) => {
    const { node, sessions, token } = await start(make);
    node.channel.cut();
    await sessions.revoke(token.id);
    assert.equal((await sessions.validate(token)).ok, false);
  },
  "what is ended there is refused here when it was told": async (make) => {
    const { backend, sessions, token } = await start(make);
    await new SessionManager({ store: backend.node().store }).revoke(token.id);
    assert.equal((await sessions.validate(token)).ok, false);
  },
  "what is ended there is refused here after a while, told or not": async (make) => {
    const { backend, node, sessions, token, pass } = await start(make);
    node.channel.cut();
    await new SessionManager({ store: backend.node().store }).revoke(token.id);
    pass(1_000);
    assert.equal((await sessions.validate(token)).ok, false);
  },
  "what was lost while the channel was cut is not believed": async (make) => {
    const { backend, node, sessions, token } = await start(make);
    node.channel.cut();
    await new SessionManager({ store: backend.node().store }).revoke(token.id);
    node.channel.mend();
    assert.equal((await sessions.validate(token)).ok, false);
  },
  "a read that its invalidation overtook is not kept": async (make) => {
    const { backend, sessions, token, slowDown } = await start(make);
    const fresh = await sessions.create("eve");
    const answer = slowDown();
    const reading = sessions.validate(fresh.token);
    await new SessionManager({ store: backend.node().store }).revoke(fresh.token.id);
    answer();
    await reading;
    assert.equal((await sessions.validate(fresh.token)).ok, false);
    assert.equal((await sessions.validate(token)).ok, true);
  },
};

async function start(make: MakeCache) {
  const backend = new ToldMemory();
  const node = backend.node();
  let slow: Promise<void> | undefined;
  const find = async (id: SessionId) => {
    const found = await node.store.find(id);
    await slow;
    return found;
  };
  let time = 0;
  const cache = make({ ...node.store, find }, () => time);
  await new Promise(setImmediate);
  const sessions = new SessionManager({ store: cache });
  const { token } = await sessions.create("ada");
  assert.equal((await sessions.validate(token)).ok, true);
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  const slowDown = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    slow = promise;
    return resolve;
  };
  return { backend, node, sessions, token, pass, slowDown };
}

/** A cache that is told, and has none of the precautions. What each broken cache lacks is what it does not override. */
class NaiveCache implements SessionStore {
  readonly timeout: number = Number.POSITIVE_INFINITY;
  readonly kept: Map<SessionId, SessionRecord> = new Map();
  readonly store: CacheableStore;

  constructor(store: CacheableStore) {
    this.store = store;
    store.watch({ changed: (id) => this.changed(id), anyChanged: () => this.anyChanged() });
  }

  changed(id: SessionId): void {
    this.kept.delete(id);
  }

  anyChanged(): void {
    this.kept.clear();
  }

  recent(id: SessionId): SessionRecord | undefined {
    return this.kept.get(id);
  }

  async find(id: SessionId): ReturnType<SessionStore["find"]> {
    const found = await this.store.find(id);
    if (found && !isEnded(found)) this.kept.set(id, found);
    return found;
  }

  async delete(...args: Parameters<SessionStore["delete"]>): ReturnType<SessionStore["delete"]> {
    const ended = await this.store.delete(...args);
    this.kept.delete(args[0]);
    return ended;
  }

  readonly insert: SessionStore["insert"] = (...args) => this.store.insert(...args);
  readonly update: SessionStore["update"] = (...args) => this.store.update(...args);
  readonly findByUser: SessionStore["findByUser"] = (...args) => this.store.findByUser(...args);
  readonly deleteByUser: SessionStore["deleteByUser"] = (...args) => this.store.deleteByUser(...args);
  readonly deleteExpired: SessionStore["deleteExpired"] = (...args) => this.store.deleteExpired(...args);
  readonly time: SessionStore["time"] = () => this.store.time();
}

/** With the one lack that its name says, and no other. */
const broken: Readonly<Record<string, { readonly make: MakeCache; readonly breaks: readonly string[] }>> = {
  "keeps reads that were in flight, and has no heartbeat": {
    make: (store) => new NaiveCache(store),
    breaks: [
      "what is ended there is refused here after a while, told or not",
      "a read that its invalidation overtook is not kept",
    ],
  },
  "does not see its own writes": {
    make: (store, now) => {
      const cache = cached(store, { now });
      return withMethods(cache, { delete: (...args) => store.delete(...args) });
    },
    breaks: ["what is ended here is refused here at once"],
  },
  "has no heartbeat": {
    make: (store) => cached(store, { now: () => 0 }),
    breaks: ["what is ended there is refused here after a while, told or not"],
  },
  "is not told": {
    make: (store, now) => cached({ ...store, watch: (l) => store.watch({ ...l, changed() {} }) }, { now }),
    breaks: [
      "what is ended there is refused here when it was told",
      "a read that its invalidation overtook is not kept",
    ],
  },
  "goes on with what it had when the channel is mended": {
    make: (store, now) => cached({ ...store, watch: (l) => store.watch({ ...l, anyChanged() {} }) }, { now }),
    breaks: ["what was lost while the channel was cut is not believed"],
  },
};

function withMethods(store: SessionStore, methods: Partial<SessionStore>): SessionStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member = Reflect.get(name in methods ? methods : target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

async function brokenPromises(make: MakeCache): Promise<string[]> {
  const found: string[] = [];
  for (const [promise, prove] of Object.entries(promises)) {
    await prove(make).catch(() => found.push(promise));
  }
  return found;
}

describe("The promises of caches bite", () => {
  for (const [lack, { make, breaks }] of Object.entries(broken)) {
    test(`a cache that ${lack} is caught`, async () => {
      assert.deepEqual(await brokenPromises(make), breaks);
    });
  }

  test("the real one keeps them all, and so does no cache", async () => {
    assert.deepEqual(await brokenPromises((store, now) => cached(store, { now })), []);
    assert.deepEqual(await brokenPromises((store) => store), []);
  });
});
