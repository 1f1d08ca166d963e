/** Touches: coalesced, at most one per session and interval on a node, never awaited, flushed, conditional when written. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotedUses } from "../../src/core/noted-uses.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { type House, house, minute, outcome } from "./house.ts";

const newId = (number: number) => `session ${number}` as Parameters<NotedUses["isNews"]>[0];

describe("a touch", () => {
  it("is not awaited: the request is answered while the store has not answered", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const writes = heldUpdates(at);
    at.clock.advance(minute);
    assert.equal((await at.sessions.validate(token)).ok, true);
    await settled();
    assert.equal(writes.begun, 1);
  });

  it("is one for a session and interval on a node, also where a slow find still has the earlier use", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const slow = Promise.withResolvers<void>();
    const find = at.store.find.bind(at.store);
    at.clock.advance(minute);
    const before = await find(token.id);
    at.store.find = () => slow.promise.then(() => before);
    const late = at.sessions.validate(token);
    at.store.find = find;
    const writes = countedUpdates(at);
    await outcome(at, token);
    slow.resolve();
    assert.equal((await late).ok, true);
    await at.sessions.close();
    assert.equal(writes(), 1);
  });

  it("is tried once in an interval, also where the store cannot write", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    let tries = 0;
    at.store.update = () => {
      tries++;
      return Promise.reject(new Error("read-only"));
    };
    for (let second = 0; second < 600; second++) {
      at.clock.advance(1_000);
      assert.equal(await outcome(at, token), "valid");
    }
    assert.equal(tries, 10);
  });

  it("that fails is reported once until one succeeds, not for each request", async () => {
    const at = house();
    const tokens = await signedIn(at, 20);
    const update = at.store.update.bind(at.store);
    const useAll = async () => {
      at.clock.advance(minute);
      for (const token of tokens) await outcome(at, token);
    };
    at.store.update = () => Promise.reject(new Error("read-only"));
    await useAll();
    await useAll();
    assert.deepEqual(at.warnings, ["A session's last use could not be noted"]);
    at.store.update = update;
    await useAll();
    at.store.update = () => Promise.reject(new Error("read-only"));
    await useAll();
    assert.equal(at.warnings.length, 2);
  });

  it("is written also after a report that throws", async () => {
    const at = house({
      warn: () => {
        throw new Error("the log is full");
      },
    });
    const { token } = await at.sessions.create("ada");
    const update = at.store.update.bind(at.store);
    at.store.update = () => Promise.reject(new Error("read-only"));
    at.clock.advance(minute);
    await outcome(at, token);
    at.store.update = update;
    at.clock.advance(minute);
    await outcome(at, token);
    assert.equal((await at.sessions.list("ada"))[0]?.lastSeenAt, at.clock.now());
  });

  it("is written at once where none is under way; what follows gathers, and goes together", async () => {
    const at = house();
    const tokens = await signedIn(at, 100);
    const writes = heldUpdates(at);
    at.clock.advance(minute);
    for (const token of tokens) {
      await at.sessions.validate(token);
      await settled();
      assert.equal(writes.begun, 1);
    }
    writes.answer();
    await settled();
    assert.equal(writes.begun, 100);
  });

  it("does not crowd a slow store: no more than 256 are under way, and 10,000 wait", async () => {
    const at = house();
    const tokens = await signedIn(at, 11_000);
    const writes = heldUpdates(at);
    at.clock.advance(minute);
    await Promise.all(tokens.map((token) => at.sessions.validate(token)));
    assert.equal(writes.begun, 1);
    for (let written = 1; written < 10_001; written += 256) {
      writes.answer();
      await settled();
      assert.equal(writes.begun - written, Math.min(256, 10_001 - written));
    }
    writes.answer();
    await settled();
    assert.equal(writes.begun, 10_001);
    // Those that found no room are noted when they come again.
    await at.sessions.validate(tokens[10_500]);
    assert.equal(writes.begun, 10_002);
  });

  it("that waits is written by close, which waits for its answer", async () => {
    const at = house();
    const tokens = await signedIn(at, 600);
    const writes = heldUpdates(at);
    at.clock.advance(minute);
    for (const token of tokens) await at.sessions.validate(token);
    let isClosed = false;
    const closing = at.sessions.close().then(() => {
      isClosed = true;
    });
    // The first was alone.
    for (const begun of [1, 257, 513, 600]) {
      await settled();
      assert.deepEqual([writes.begun, isClosed], [begun, false]);
      writes.answer();
    }
    await closing;
    for (const { lastSeenAt } of await at.sessions.list("user 599")) assert.equal(lastSeenAt, at.clock.now());
  });

  it("is conditional when it is written: who expired while it waited is not revived", async () => {
    const at = house();
    const [first, second] = await signedIn(at, 2);
    const { update } = at.store;
    const writes = heldUpdates(at);
    at.clock.advance(29 * minute);
    await at.sessions.validate(first);
    await at.sessions.validate(second);
    writes.answer();
    at.clock.advance(minute);
    await settled();
    writes.answer();
    await settled();
    assert.equal(writes.begun, 2);
    at.store.update = update;
    assert.equal(await outcome(at, first!), "valid");
    assert.equal(await outcome(at, second!), "idle-timeout");
  });
});

describe("what was noted lately", () => {
  it("takes bounded memory, with a million sessions in one interval", () => {
    const noted = new NotedUses(minute);
    for (let number = 0; number < 1_000_000; number++) noted.isNews(newId(number), 0);
    assert.equal(noted.size, 50_000);
    assert.equal(noted.isNews(newId(999_999), minute - 1), false);
    assert.equal(noted.isNews(newId(999_999), minute), true);
  });

  it("keeps nobody silent after the clock was ahead for a while", () => {
    const noted = new NotedUses(minute);
    noted.isNews(newId(1), 60 * minute);
    assert.equal(noted.isNews(newId(1), 60 * minute - 1), false);
    assert.equal(noted.isNews(newId(1), minute), true);
    assert.equal(noted.isNews(newId(1), minute + 1), false);
  });

  it("is forgotten when it does not matter any more", () => {
    const noted = new NotedUses(minute);
    for (let number = 0; number < 1_000; number++) noted.isNews(newId(number), minute);
    noted.isNews(newId(1_000), 2 * minute);
    noted.isNews(newId(1_001), 3 * minute);
    assert.equal(noted.size, 2);
  });
});

async function signedIn(at: House, count: number): Promise<SessionToken[]> {
  const created = await Promise.all(Array.from({ length: count }, (_, n) => at.sessions.create(`user ${n}`)));
  return created.map(({ token }) => token);
}

function countedUpdates(at: House): () => number {
  const update = at.store.update.bind(at.store);
  let writes = 0;
  at.store.update = (...of) => {
    writes++;
    return update(...of);
  };
  return () => writes;
}

/** A store whose writes are answered when the test says so. */
function heldUpdates(at: House): { readonly begun: number; answer(): void } {
  const update = at.store.update.bind(at.store);
  let begun = 0;
  let held: (() => void)[] = [];
  at.store.update = (...of) => {
    begun++;
    return new Promise((resolve) => held.push(() => resolve(update(...of))));
  };
  return {
    get begun() {
      return begun;
    },
    answer() {
      const answered = held;
      held = [];
      for (const each of answered) each();
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
}
