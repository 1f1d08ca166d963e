/** P6: an outage is not a sign-out. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keepsTime } from "../../src/core/asked-store.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { startUpkeep } from "../../src/core/upkeep.ts";
import { hour, house, minute, outcome, second } from "./house.ts";

const isOutage = (error: unknown) =>
  error instanceof StoreUnavailableError && error.code === "store-unavailable";

describe("an outage", () => {
  const methods = [
    "insert",
    "find",
    "update",
    "delete",
    "findByUser",
    "deleteByUser",
    "deleteExpired",
  ] as const;

  it("is one error for every verb, with the backend's own as its cause", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    const refused = new Error("connection refused");
    for (const method of methods) Object.assign(at.store, { [method]: () => Promise.reject(refused) });
    const verbs = [
      at.sessions.create("ada"),
      at.sessions.validate(token),
      at.sessions.touch(session),
      at.sessions.renew(token),
      at.sessions.reauthenticate(token),
      at.sessions.revoke(session.id),
      at.sessions.revokeAll("ada"),
      at.sessions.list("ada"),
      at.sessions.update(session.id, {}),
      at.sessions.prune(),
    ];
    for (const verb of verbs) {
      await assert.rejects(verb, (error: Error) => isOutage(error) && error.cause === refused);
    }
    assert.deepEqual(await at.sessions.ready(), { ready: true });
  });

  // Proves ASVS 13.2.6, ASVS 15.4.3.
  it("does not hang: a store that never answers fails within its own timeout", async () => {
    const silent = new Proxy({ timeout: 20 } as SessionStore, {
      get: (target, name) => (name === "timeout" ? target.timeout : () => new Promise(() => {})),
    });
    const sessions = new SessionManager({ store: silent });
    await assert.rejects(sessions.create("ada"), isOutage);
    assert.deepEqual(await sessions.ready(), { ready: false, problem: "store-unavailable" });
  });

  // Proves ASVS 16.5.2.
  it("signs nobody out: the same ticket works when the store is back", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const { find } = at.store;
    at.store.find = () => Promise.reject(new Error("down"));
    await assert.rejects(at.sessions.validate(token), isOutage);
    at.store.find = find;
    assert.equal(await outcome(at, token), "valid");
    assert.deepEqual(at.told(), ["created"]);
  });

  it("of writes does not keep a valid session from being used; what could not be noted is reported", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    at.store.update = () => Promise.reject(new Error("read-only"));
    at.clock.advance(minute);
    assert.equal(await outcome(at, token), "valid");
    assert.match(at.warnings.join(), /last use could not be noted/);
  });

  it("of a find that keeps its time by itself is the same, also where it throws at once", async () => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    const down = new Error("down");
    for (const find of [
      () => Promise.reject(down),
      () => {
        throw down;
      },
    ]) {
      at.store.find = find;
      keepsTime(at.store.find);
      await assert.rejects(
        at.sessions.validate(token),
        (error: Error) => isOutage(error) && error.cause === down && /find/.test(error.message),
      );
    }
  });

  it("of what takes the place of such a find does not hang, however alike it is", async (t) => {
    const at = house();
    const { token } = await at.sessions.create("ada");
    keepsTime(at.store.find);
    const { find } = at.store;
    const hangs = () => new Promise<never>(() => {});
    Object.assign(at.store, { timeout: 20 });
    for (const replacement of [
      hangs,
      Object.assign(() => hangs(), find),
      new Proxy(find, { apply: hangs }),
      t.mock.fn(find, hangs),
    ]) {
      at.store.find = replacement;
      await assert.rejects(at.sessions.validate(token), isOutage);
    }
  });

  it("also of a store that throws before it returns a promise", async () => {
    const at = house();
    at.store.find = () => {
      throw new Error("closed");
    };
    const { token } = await at.sessions.create("ada");
    await assert.rejects(at.sessions.validate(token), isOutage);
  });
});

describe("a node whose clock differs from the store's", () => {
  // Proves ASVS 16.2.2.
  it("is unready beyond five seconds, and then neither touches nor prunes", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    at.store.time = async () => at.clock.now() + 5_001;
    assert.deepEqual(await at.sessions.ready(), { ready: false, problem: "clock-skew", skew: 5_001 });
    at.clock.advance(5 * minute);
    assert.equal(await outcome(at, token), "valid");
    assert.equal((await at.sessions.list("ada"))[0]?.lastSeenAt, session.lastSeenAt);
    at.clock.advance(30 * minute);
    assert.equal(await at.sessions.prune(), 0);
  });

  it("is ready again when the clocks agree", async () => {
    const at = house();
    await at.sessions.create("ada");
    at.store.time = async () => at.clock.now() - 6_000;
    await at.sessions.ready();
    at.store.time = async () => at.clock.now() + 5_000;
    assert.deepEqual(await at.sessions.ready(), { ready: true, skew: 5_000 });
    at.clock.advance(30 * minute);
    assert.equal(await at.sessions.prune(), 1);
  });
});

describe("upkeep", () => {
  const settled = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };

  it("compares clocks at start and regularly, prunes regularly, and stops", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const at = house();
    const time = t.mock.method(at.store, "time");
    const deleteExpired = t.mock.method(at.store, "deleteExpired");
    const stop = startUpkeep(at.sessions, { checkEvery: second, pruneEvery: 10 * second });
    assert.equal(time.mock.callCount(), 1);
    await at.sessions.create("ada");
    at.clock.advance(hour);
    t.mock.timers.tick(12 * second);
    await settled();
    assert.equal(time.mock.callCount(), 13);
    assert.deepEqual(at.told(), ["created", "expired"]);
    await stop();
    const pruned = deleteExpired.mock.callCount();
    t.mock.timers.tick(minute);
    await settled();
    assert.deepEqual([time.mock.callCount(), deleteExpired.mock.callCount()], [13, pruned]);
  });

  it("goes on after a failure, and reports it", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const at = house();
    const failing = t.mock.method(at.store, "deleteExpired", () => Promise.reject(new Error("busy")));
    const stop = startUpkeep(at.sessions, { pruneEvery: 10 * second });
    t.mock.timers.tick(12 * second);
    await settled();
    assert.deepEqual(at.warnings, ["Pruning failed"]);
    failing.mock.restore();
    await at.sessions.create("ada");
    at.clock.advance(hour);
    t.mock.timers.tick(12 * second);
    await settled();
    assert.deepEqual(at.told(), ["created", "expired"]);
    await stop();
  });

  it("reports once that the node is not ready, and again the next time", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const at = house();
    let skew = 6_000;
    at.store.time = async () => at.clock.now() + skew;
    const stop = startUpkeep(at.sessions, { checkEvery: second });
    for (skew of [6_000, 6_000, 0, 7_000]) {
      await settled();
      t.mock.timers.tick(second);
    }
    await settled();
    assert.deepEqual(
      at.warnings.map((warning) => /\d+ ms/.exec(warning)?.[0]),
      ["6000 ms", "7000 ms"],
    );
    await stop();
  });
});

describe("observers", () => {
  it("see every event and cannot change what happens; what they throw is reported", async () => {
    const at = house();
    at.sessions.observe(() => {
      throw new Error("observer");
    });
    at.sessions.observe(async () => {
      throw new Error("async observer");
    });
    const { token } = await at.sessions.create("ada");
    assert.equal(await outcome(at, token), "valid");
    assert.equal(at.warnings.filter((warning) => /observer failed at "created"/.test(warning)).length, 2);
  });

  it("stop seeing when they are removed", async () => {
    const at = house();
    const seen: string[] = [];
    const remove = at.sessions.observe(({ type }) => void seen.push(type));
    await at.sessions.create("ada");
    remove();
    await at.sessions.create("ada");
    assert.deepEqual(seen, ["created"]);
  });

  // Proves ASVS 16.2.5.
  it("are told each rejection with its reason, and never a token", async () => {
    const at = house();
    const { token, session } = await at.sessions.create("ada");
    await at.sessions.validate("nonsense");
    await at.sessions.validate(undefined);
    await at.sessions.validate(token.refreshed());
    const rejections = at.events.filter(({ type }) => type === "rejected");
    assert.deepEqual(
      rejections.map((event) => event.type === "rejected" && [event.reason, event.sessionId]),
      [
        ["malformed", undefined],
        ["theft", session.id],
      ],
    );
    const [, family, secret] = token.reveal().split(".");
    const told = JSON.stringify(at.events);
    assert.ok(!told.includes(family!) && !told.includes(secret!));
  });
});

describe("a manager", () => {
  it("needs a store, and says so", () => {
    assert.throws(() => new SessionManager({} as never), /needs a store/);
    assert.throws(() => new SessionManager(undefined as never), /needs a store/);
  });
});
