/** What becomes a record, what does not, and that nobody waits for it. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { startAudit } from "../../src/audit/audit.ts";
import type { AuditRecord } from "../../src/audit/audit-record.ts";
import type { AuditStore } from "../../src/audit/audit-store.ts";
import { verifyAudit } from "../../src/audit/chain.ts";
import { correlated } from "../../src/audit/correlation.ts";
import { AuditTrail } from "../../src/audit/trail.ts";
import { startAuditUpkeep } from "../../src/audit/upkeep.ts";
import type { SessionEvent } from "../../src/core/events.ts";
import type { ClientInfo } from "../../src/core/fingerprint.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { SessionToken } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { allPages, assertIntact } from "../../src/testing/audit/expectations.ts";
import { auditRecords } from "../../src/testing/audit/record.ts";
import { manualClock } from "../../src/testing/clock.ts";

const client = { ip: "192.0.2.1", userAgent: "Firefox", language: "en" };
const day = 24 * 60 * 60_000;

/** A manager whose audit is in memory, and what is warned of. */
function scene() {
  const clock = manualClock();
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const store = new MemorySessionStore();
  const trail = new AuditTrail({ store: store.audit, now: clock.now, warn });
  const sessions = new SessionManager({ store, now: clock.now, warn });
  sessions.observe(trail.observe);
  const recorded = async () => {
    await trail.flush();
    return (await allPages(store.audit)).reverse();
  };
  return { clock, warnings, audit: store.audit, trail, sessions, recorded };
}

const eventsOf = (records: readonly AuditRecord[]) => records.map(({ event }) => event);

describe("Every session event becomes a record", () => {
  // Each change emits one event (better-auth#1184).
  // Proves ASVS 16.2.1.
  test("with time, user, public session id, client, reason and correlation id", async () => {
    const { clock, sessions, recorded } = scene();
    await correlated({ correlationId: "request-1" }, async () => {
      const { session } = await sessions.create("ada", { client, amr: ["pwd", "otp"] });
      clock.advance(1);
      await sessions.revoke(session.id, { reason: "logout" });
    });
    const [created, revoked] = await recorded();
    const { id, sessionId, ...others } = created!;
    assert.match(id, /^[\w-]{22}$/);
    assert.deepEqual(others, {
      at: clock.now() - 1,
      event: "created",
      userId: "ada",
      client,
      correlationId: "request-1",
      details: { amr: ["pwd", "otp"] },
    });
    assert.equal(revoked!.event, "revoked");
    assert.equal(revoked!.reason, "logout");
    assert.equal(revoked!.sessionId, sessionId);
    assert.equal(revoked!.at, clock.now());
  });

  // Proves ASVS 16.3.3.
  test("whatever its type, those of later releases included", async () => {
    const { clock, trail, recorded } = scene();
    const { id: sessionId } = SessionToken.generate("ada");
    const about = { at: clock.now(), sessionId, userId: "ada" };
    const events: readonly SessionEvent[] = [
      { ...about, type: "created", client, amr: ["pwd"] },
      { ...about, type: "renewed", client },
      { ...about, type: "reauthenticated", client, amr: ["pwd"] },
      { ...about, type: "revoked", reason: "credentials-changed" },
      { ...about, type: "evicted" },
      { ...about, type: "replaced" },
      { ...about, type: "expired" },
      { ...about, type: "theft", client },
      { ...about, type: "data-unreadable", issues: ["theme: no text"] },
      { type: "rejected", at: clock.now(), reason: "unknown", sessionId, client },
      { type: "csrf", at: clock.now(), reason: "cross-origin", client },
      { ...about, type: "of-a-later-release", hint: 7 } as unknown as SessionEvent,
    ];
    for (const event of events) trail.observe(event);
    const records = await recorded();
    assert.deepEqual(new Set(eventsOf(records)), new Set(events.map(({ type }) => type)));
    const find = (event: string) => records.find((record) => record.event === event)!;
    assert.deepEqual(find("data-unreadable").details, { issues: ["theme: no text"] });
    assert.deepEqual(find("of-a-later-release").details, { hint: 7 });
    assert.equal(find("rejected").reason, "unknown");
    for (const record of records) assert.equal("at" in (record.details ?? {}), false);
  });

  test("and never has a token in it (ASVS 16.2.5, CVE-2023-20866)", async () => {
    const { sessions, recorded } = scene();
    const { session, token } = await sessions.create("ada", { client });
    const successor = await sessions.renew(token, client);
    await sessions.validate(successor!);
    await sessions.validate(`${token.toString().slice(0, -3)}AAA`);
    await sessions.revoke(session.id);
    const text = JSON.stringify(await recorded());
    for (const each of [token, successor!]) {
      const [, family, secret] = each.toString().split(".");
      assert.equal(text.includes(family!), false);
      assert.equal(text.includes(secret!), false);
    }
    assert.ok(text.includes(session.id));
  });
});

describe("A record", () => {
  test("of another's deed names who did it, and from where", async () => {
    const { sessions, trail, recorded } = scene();
    const { session } = await sessions.create("ada");
    await correlated({ correlationId: "request-2", client }, () =>
      correlated({ by: "admin" }, async () => {
        await sessions.revoke(session.id);
        trail.record({ event: "password-changed", userId: "admin" });
      }),
    );
    const records = await recorded();
    const revoked = records.find(({ event }) => event === "revoked");
    const own = records.find(({ event }) => event === "password-changed");
    assert.deepEqual(revoked!.details, { by: "admin" });
    assert.deepEqual(revoked!.client, client);
    assert.equal(revoked!.correlationId, "request-2");
    assert.equal(own!.details, undefined);
  });

  test("keeps apart what happens at once", async () => {
    const { trail, recorded } = scene();
    const request = (name: string) =>
      correlated({ correlationId: name }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        trail.record({ event: "asked", reason: name });
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => request(`request-${index}`)));
    for (const { correlationId, reason } of await recorded()) assert.equal(correlationId, reason);
  });

  // Proves ASVS 16.4.1.
  test("stays small, and is well-formed, whatever it is told", async () => {
    const { trail, recorded } = scene();
    const circular: Record<string, unknown> = {};
    circular.itself = circular;
    trail.record({
      event: "e".repeat(1_000),
      userId: `${"u".repeat(255)}\ud83e`,
      details: { a: "x".repeat(9_000) },
    });
    trail.record({ event: "circular", details: circular });
    const [long, other] = (await recorded()).sort((a, b) => b.event.length - a.event.length);
    assert.equal(long!.event.length, 256);
    assert.equal(long!.userId, `${"u".repeat(255)}\ufffd`);
    assert.deepEqual(long!.details, { omitted: "too long" });
    assert.deepEqual(other!.details, { omitted: "not JSON" });
  });

  test("that a database would refuse does not hold up the others", async (t) => {
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    const { audit } = new SqliteSessionStore(db);
    const trail = new AuditTrail({
      store: audit,
      now: () => 1_000.5,
      warn: (message) => assert.fail(message),
    });
    const circular: Record<string, unknown> = { ip: "192.0.2.1" };
    circular.itself = circular;
    for (const at of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) trail.record({ event: "no time", at });
    for (const odd of [circular, { ip: 5, more: 1n }, { userAgent: `${"x".repeat(9_000)}\ud83e` }]) {
      trail.record({ event: "no client", client: odd as ClientInfo });
    }
    trail.record({ event: 5 as unknown as string });
    await trail.close();
    const records = await allPages(audit);
    assert.deepEqual(new Set(records.map(({ at }) => at)), new Set([1, 1_000]));
    assert.deepEqual(
      new Set(records.map(({ client: each }) => each?.ip ?? each?.userAgent?.length)),
      new Set([undefined, "192.0.2.1", "5", 512]),
    );
    assert.equal(records.length, 7);
  });

  test("never keeps Accept-Encoding, which strict fingerprints read", async () => {
    const { sessions, recorded } = scene();
    await sessions.create("ada", { client: { ...client, encoding: "gzip, zstd" } });
    const [created] = await recorded();
    assert.deepEqual(created!.client, client);
  });

  test("goes to every sink, also where there is no store", async () => {
    const [log, queue]: [AuditRecord[], AuditRecord[]] = [[], []];
    const trail = new AuditTrail({
      sinks: [(record) => void log.push(record), async (record) => void queue.push(record)],
    });
    trail.record({ event: "asked" });
    await trail.close();
    assert.deepEqual(eventsOf(log), ["asked"]);
    assert.deepEqual(eventsOf(queue), ["asked"]);
    assert.throws(() => new AuditTrail({}), /needs a store or a sink.*Redis keeps no audit/);
  });

  test("is written although a sink fails, and the failure is reported", async () => {
    const warnings: string[] = [];
    const { audit } = new MemorySessionStore();
    const trail = new AuditTrail({
      store: audit,
      warn: (message) => void warnings.push(message),
      sinks: [() => assert.fail("sync"), async () => assert.fail("async")],
    });
    trail.record({ event: "asked" });
    await trail.close();
    assert.equal((await allPages(audit)).length, 1);
    assert.deepEqual(warnings, Array(2).fill('An audit sink failed at "asked"'));
  });
});

describe("Nobody waits for the audit:", () => {
  /** A store that is away until it is mended. */
  class Away implements Pick<AuditStore, "append"> {
    readonly audit = new MemorySessionStore().audit;
    isAway = true;
    attempts = 0;
    async append(records: readonly AuditRecord[]): Promise<void> {
      this.attempts++;
      if (this.isAway) throw new Error("away");
      await this.audit.append(records);
    }
  }

  function awayScene(t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const away = new Away();
    const warnings: string[] = [];
    const trail = new AuditTrail({
      store: away as unknown as AuditStore,
      warn: (message) => void warnings.push(message),
    });
    return { away, trail, warnings };
  }

  test("a sign-in succeeds while its store hangs", async () => {
    const store = new MemorySessionStore();
    const hanging = { append: () => new Promise(() => {}) } as unknown as AuditStore;
    const trail = new AuditTrail({ store: hanging });
    const sessions = new SessionManager({ store, onEvent: trail.observe });
    void trail.flush();
    const { session } = await sessions.create("ada");
    assert.equal(session.userId, "ada");
  });

  test("records are written by themselves, together", async (t) => {
    const { away, trail } = awayScene(t);
    away.isAway = false;
    for (let count = 0; count < 30; count++) trail.record({ event: "asked" });
    assert.equal(away.attempts, 0);
    t.mock.timers.tick(100);
    await trail.flush();
    assert.equal(away.attempts, 1);
    assert.equal((await allPages(away.audit)).length, 30);
  });

  test("during an outage they wait, are tried again ever more rarely, and one warning is given", async (t) => {
    const { away, trail, warnings } = awayScene(t);
    trail.record({ event: "first" });
    await trail.flush();
    // Others do not hasten it.
    for (const [tick, attempts] of [
      [500, 1],
      [500, 2],
      [1_000, 2],
      [1_000, 3],
      [3_999, 3],
      [1, 4],
    ] as const) {
      trail.record({ event: "asked" });
      t.mock.timers.tick(tick);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(away.attempts, attempts);
    }
    away.isAway = false;
    t.mock.timers.tick(8_000);
    await trail.flush();
    assert.equal((await allPages(away.audit)).length, 7);
    assert.deepEqual(warnings, ["Audit records cannot be written; they wait in memory"]);
  });

  test("what does not fit any more is lost, warned of, counted, and the gap is recorded", async (t) => {
    const { away, trail, warnings } = awayScene(t);
    for (let at = 1; at <= 10_030; at++) trail.record({ event: "asked", at });
    await trail.flush();
    away.isAway = false;
    await trail.flush();
    const records = await allPages(away.audit, { limit: 1_000 });
    const gap = records.find(({ event }) => event === "audit-gap")!;
    assert.deepEqual(gap.details, { lost: 30, from: 10_001, to: 10_030 });
    assert.equal(records.filter(({ at }) => at > 10_000).length, 1);
    assert.ok(warnings.some((each) => /further ones are lost/.test(each)));
    assert.ok(warnings.includes("30 audit records were lost while their store was away"));
  });

  test("closing writes what is left, and says what it could not write", async (t) => {
    const { away, trail, warnings } = awayScene(t);
    trail.record({ event: "asked" });
    await trail.close();
    assert.match(warnings.at(-1)!, /^1 audit records are lost/);
    away.isAway = false;
    const other = new AuditTrail({ store: away as unknown as AuditStore });
    other.record({ event: "asked" });
    await other.close();
    assert.equal((await allPages(away.audit)).length, 1);
  });
});

describe("What anybody can cause", () => {
  test("is recorded sixty times a minute, and beyond as one record with how many there were", async () => {
    const { clock, sessions, trail, recorded } = scene();
    for (let count = 0; count < 500; count++) await sessions.validate("garbage");
    await sessions.create("ada");
    assert.deepEqual(await countsOf(recorded), { rejected: 60, created: 1 });
    clock.advance(60_000);
    await sessions.validate("garbage");
    const records = await recorded();
    assert.deepEqual(await countsOf(recorded), { rejected: 62, created: 1 });
    const { details, reason } = records.find(({ details: each }) => each?.unrecorded)!;
    assert.equal(reason, "malformed");
    assert.equal(details!.unrecorded, 440);
    await trail.close();
  });

  test("is counted by user and reason: noise does not hide what happens to somebody else", async () => {
    const { trail, recorded } = scene();
    const failed = { event: "sign-in-failed", unproven: true };
    for (let count = 0; count < 200; count++) trail.record({ ...failed, reason: "unknown-account" });
    for (let count = 0; count < 5; count++)
      trail.record({ ...failed, userId: "ada", reason: "wrong-password" });
    const records = await recorded();
    assert.equal(records.filter(({ userId }) => userId === "ada").length, 5);
    assert.equal(records.length, 65);
  });

  test("is said of nobody in particular where there are too many kinds to tell apart", async () => {
    const { trail, recorded } = scene();
    for (let user = 0; user < 3_000; user++) {
      trail.record({ event: "sign-in-failed", userId: `user-${user}`, reason: "wrong", unproven: true });
    }
    await trail.close();
    const records = await recorded();
    const { userId, reason, details } = records.find(({ details: each }) => each?.unrecorded)!;
    assert.deepEqual([userId, reason, details!.unrecorded], [undefined, undefined, 1_940]);
  });

  test("takes a bounded place, in memory too, however many kinds there are", async () => {
    const { trail, recorded } = scene();
    for (let user = 0; user < 3_000; user++) {
      trail.record({ event: "sign-in-failed", userId: `user-${user}`, unproven: true });
    }
    assert.ok((await recorded()).length <= 1_060);
  });

  async function countsOf(recorded: () => Promise<AuditRecord[]>): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { event } of await recorded()) counts[event] = (counts[event] ?? 0) + 1;
    return counts;
  }
});

describe("An audit that is started for some sessions", () => {
  test("records, seals and lets go by their clock, and when it is closed writes and seals the rest, and hears no more", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const clock = manualClock();
    const store = new MemorySessionStore();
    const sessions = new SessionManager({ store, now: clock.now });
    const heads: number[] = [];
    const audit = startAudit(sessions, {
      store: store.audit,
      retention: day,
      onSealed: ({ position }) => heads.push(position),
    });
    await sessions.create("ada", { client });
    clock.advance(1);
    audit.record({ event: "sign-in-failed", userId: "bob" });
    await audit.flush();
    t.mock.timers.tick(10_000);
    clock.advance(day + 1);
    audit.record({ event: "password-changed", userId: "bob" });
    t.mock.timers.tick(2 * 60 * 60_000);
    await audit.close();
    assert.equal(heads.at(-1), 3);
    await sessions.create("ada", { client });
    await audit.flush();
    assert.deepEqual(eventsOf(await allPages(store.audit)), ["password-changed", "sign-in-failed"]);
    assert.equal((await verifyAudit(store.audit, { now: clock.now, retention: day })).intact, true);
  });

  test("may go to sinks alone, and needs one or a store", async () => {
    const sessions = new SessionManager({ store: new MemorySessionStore() });
    const records: AuditRecord[] = [];
    const audit = startAudit(sessions, { sinks: [(record) => void records.push(record)] });
    await sessions.create("ada", { client });
    await audit.close();
    assert.deepEqual(eventsOf(records), ["created"]);
    assert.throws(() => startAudit(sessions, {}), TypeError);
  });
});

describe("The upkeep of an audit", () => {
  test("seals what is there, publishes the head, and removes what is too old", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { audit } = new MemorySessionStore();
    const clock = manualClock();
    await audit.append(auditRecords(350, { at: clock.now() }));
    const heads: number[] = [];
    const pruned: number[] = [];
    const stop = startAuditUpkeep(audit, {
      now: clock.now,
      onSealed: ({ position }) => heads.push(position),
      onPruned: (removed) => pruned.push(removed),
    });
    t.mock.timers.tick(10_000);
    await audit.append(auditRecords(1, { at: clock.now() + 400 * day }));
    await stop();
    assert.equal(heads.at(-1), 351);
    await assertIntact(audit, 351);

    const stopAgain = startAuditUpkeep(audit, {
      now: clock.now,
      onPruned: (removed) => pruned.push(removed),
    });
    clock.advance(400 * day + 1);
    t.mock.timers.tick(2 * 60 * 60_000);
    await stopAgain();
    assert.deepEqual(pruned, [349]);
    const { intact, start } = await verifyAudit(audit, { now: clock.now });
    assert.equal(intact, true);
    assert.equal(start.position, 349);
  });

  // Proves ASVS 16.1.1.
  test("by default keeps a record for 400 days", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const { audit } = new MemorySessionStore();
    const clock = manualClock();
    await audit.append(auditRecords(1, { at: clock.now() }));
    await audit.seal(1);
    clock.advance(400 * day);
    const stop = startAuditUpkeep(audit, { now: clock.now });
    t.mock.timers.tick(2 * 60 * 60_000);
    await stop();
    assert.equal((await allPages(audit)).length, 1);
  });

  test("is told no nonsense: an audit must not vanish because of a typing error", () => {
    const { audit } = new MemorySessionStore();
    for (const retention of [0, -1, 400, Number.NaN, "400" as unknown as number]) {
      assert.throws(() => startAuditUpkeep(audit, { retention }), TypeError);
    }
  });

  test("warns once of an outage", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const warnings: string[] = [];
    const audit = { seal: () => Promise.reject(new Error("away")) } as unknown as AuditStore;
    const stop = startAuditUpkeep(audit, { warn: (message) => void warnings.push(message) });
    t.mock.timers.tick(50_000);
    await stop();
    assert.deepEqual(warnings, ["The audit could not be sealed"]);
  });
});
