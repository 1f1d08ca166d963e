/** Counting what happens, and what of it is shown. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import type { SessionEvent, SessionId } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { migrateAccounts } from "../../src/accounts/sqlite-accounts-schema.ts";
import { CensusTaker } from "../../src/figures/census.ts";
import { Counters } from "../../src/figures/counters.ts";
import { type FigureBatch, grains } from "../../src/figures/figure.ts";
import { latencyOf, tookName } from "../../src/figures/latency.ts";
import { overviewOf } from "../../src/figures/overview.ts";
import { SqliteFigures } from "../../src/figures/sqlite-figures.ts";

const { minute, hour, day } = grains;
const second = 1_000;
const start = Date.parse("2030-01-31T12:34:56Z");
const client = { ip: "192.0.2.1" };

class Stage {
  readonly clock = { now: start, agrees: true };
  readonly batches: FigureBatch[] = [];
  readonly warnings: string[] = [];
  outage: "none" | "before" | "after" = "none";
  readonly store: SqliteFigures;

  constructor() {
    const database = new DatabaseSync(":memory:");
    migrateAccounts(database);
    this.store = new SqliteFigures(database);
  }

  counters(): Counters {
    return new Counters({
      store: Object.assign(Object.create(this.store), {
        add: async (batch: FigureBatch) => {
          this.batches.push(batch);
          if (this.outage === "before") throw new Error("away");
          await this.store.add(batch);
          if (this.outage === "after") throw new Error("the answer was lost");
        },
        deleteOld: (now: number) => this.store.deleteOld(now),
      }),
      now: () => this.clock.now,
      clockAgrees: async () => this.clock.agrees,
      warn: (message) => void this.warnings.push(message),
    });
  }

  created(amr: readonly string[] = ["pwd"]): SessionEvent {
    return { type: "created", at: this.clock.now, sessionId: "s" as SessionId, userId: "ada", client, amr };
  }

  rejected(): SessionEvent {
    return { type: "rejected", at: this.clock.now, reason: "unknown", sessionId: undefined, client };
  }

  overview(period: "hour" | "day" | "month" = "hour") {
    return overviewOf(this.store, period, this.clock.now);
  }
}

describe("what is counted", () => {
  test("is written in one batch, however much happens, and two seconds later", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const stage = new Stage();
    const counters = stage.counters();
    for (let count = 0; count < 10_000; count++) counters.observe(stage.rejected());
    assert.equal(stage.batches.length, 0, "Nobody waited for it");
    t.mock.timers.tick(2 * second);
    await counters.flush();
    assert.deepEqual(
      stage.batches.map(({ figures }) => figures.length),
      [3],
    );
    assert.equal((await stage.overview()).totals.rejected, 10_000);
  });

  test("is not written at all while nothing happens", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const stage = new Stage();
    const counters = stage.counters();
    t.mock.timers.tick(hour);
    await counters.flush();
    assert.equal(stage.batches.length, 0);
  });

  test("of the store alone waits for half a minute: or a page that is looked at would be its own news", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const stage = new Stage();
    const counters = stage.counters();
    counters.answered("sessions", "find", performance.now(), "ok");
    t.mock.timers.tick(29 * second);
    assert.equal(stage.batches.length, 0);
    counters.observe(stage.created());
    t.mock.timers.tick(2 * second);
    await counters.flush();
    assert.equal(stage.batches.length, 1);
  });

  test("in an outage is lost by nobody, nor counted twice, whether it began before the write or before its answer", async () => {
    for (const outage of ["before", "after"] as const) {
      const stage = new Stage();
      const counters = stage.counters();
      counters.observe(stage.created());
      stage.outage = outage;
      await counters.flush();
      for (let count = 0; count < 5; count++) counters.observe(stage.created());
      await counters.flush();
      assert.equal(stage.warnings.length, 1, "It is told once");
      stage.outage = "none";
      await counters.flush();
      await counters.flush();
      assert.equal((await stage.overview()).totals.signedIn, 6, outage);
      assert.equal(new Set(stage.batches.map(({ id }) => id)).size, 2);
    }
  });

  test("in a long outage takes bounded memory: minutes are forgotten as they would be removed, days are not", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    stage.outage = "before";
    counters.observe(stage.created());
    await counters.flush();
    for (let minutes = 0; minutes < 600; minutes++) {
      stage.clock.now += minute;
      counters.observe(stage.created());
    }
    await counters.flush();
    stage.outage = "none";
    await counters.flush();
    await counters.flush();
    const { figures } = stage.batches.at(-1)!;
    assert.ok(figures.length <= 3 * 60 + 2 + 11 + 2, `${figures.length}`);
    assert.equal((await stage.overview("month")).totals.signedIn, 601);
  });

  test("by a wrong clock is not written, and nobody's figures are removed; what seems yet to come is forgotten", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    const other = stage.counters();
    other.observe(stage.created());
    await other.flush();
    Object.assign(stage.clock, { now: start + 1_000 * day, agrees: false });
    counters.observe(stage.created());
    await counters.flush();
    assert.equal(stage.batches.length, 1);
    Object.assign(stage.clock, { now: start, agrees: true });
    counters.observe(stage.created());
    await counters.flush();
    for (const period of ["hour", "day", "month"] as const) {
      assert.equal((await stage.overview(period)).totals.signedIn, 2, period);
    }
    stage.clock.now = start + 1_000 * day;
    assert.equal((await stage.overview()).totals.signedIn, 0, "Not when that time comes, either");
    assert.equal(stage.warnings.length, 1);
  });

  test("is written to the last when the server stops", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    counters.observe(stage.created());
    await counters.close();
    assert.equal((await stage.overview()).totals.signedIn, 1);
  });

  test("of addresses is told apart for five hundred within an hour: inventing more fills no memory", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    const throttle = (ip: string, at = start) =>
      counters.observe({ type: "throttled", at, by: "client", client: { ip }, retryAfter: 1 });
    for (let each = 0; each < 2_000; each++) {
      throttle(`2001:db8:0:${each.toString(16)}::1`);
      throttle(`2001:db8:0:${each.toString(16)}::2`);
      if (each % 100 === 99) await counters.flush();
    }
    const addresses = stage.batches.flatMap((batch) => batch.addresses);
    assert.equal(addresses.length, 500, "However often it is written");
    assert.deepEqual(addresses[0], {
      start: Date.parse("2030-01-31T12:00:00Z"),
      address: "2001:db8:0:0::/64",
      count: 2,
    });
    assert.equal((await stage.overview()).totals.rejected, 4_000);
    stage.clock.now += hour;
    throttle("192.0.2.1", stage.clock.now);
    await counters.flush();
    assert.equal(stage.batches.at(-1)!.addresses.length, 1, "The next hour begins anew");
  });

  test("of an address that comes often is told, whoever came before it and however many come beside it", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    const throttle = (ip: string) =>
      counters.observe({ type: "throttled", at: start, by: "client", client: { ip }, retryAfter: 1 });
    for (let each = 0; each < 10_000; each++) {
      throttle(`2001:db8:0:${each.toString(16)}::1`);
      if (each >= 1_000 && each % 20 === 0) throttle("192.0.2.1");
    }
    await counters.flush();
    const { addresses } = await stage.overview();
    assert.equal(addresses[0]!.address, "192.0.2.1");
    assert.ok(addresses[0]!.count > 400 && addresses[0]!.count <= 450, `${addresses[0]!.count} of 450`);
    assert.equal(stage.batches.flatMap((batch) => batch.addresses).length, 501);
  });

  test("of addresses is told apart for a thousand within an hour, though each of more comes often", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    for (let each = 0; each < 1_200; each++)
      for (let times = 0; times < 25; times++) {
        const client = { ip: `2001:db8:0:${each.toString(16)}::1` };
        counters.observe({ type: "throttled", at: start, by: "client", client, retryAfter: 1 });
      }
    await counters.flush();
    assert.equal(stage.batches.flatMap((batch) => batch.addresses).length, 1_000);
  });
});

describe("the overview", () => {
  test("shows each thing under its name, of the nodes together", async () => {
    const stage = new Stage();
    const nodes = [stage.counters(), stage.counters()];
    for (const counters of nodes) {
      counters.observe(stage.created());
      counters.observe(stage.created(["remember"]));
      counters.observeAccount({ event: "sign-in-failed" });
      counters.observeAccount({ event: "password-changed" });
      counters.observe(stage.rejected());
      counters.observe({ type: "csrf", at: start, reason: "token", client });
      counters.observe({ type: "throttled", at: start, by: "account", client, retryAfter: 1 });
      const about = { at: start, sessionId: "s" as SessionId, userId: "ada" };
      counters.observe({ ...about, type: "revoked", reason: "logout" });
      counters.observe({ ...about, type: "renewed", client });
      counters.observe({ ...about, type: "evicted" });
      await counters.flush();
    }
    const { totals, rejections, ends, addresses } = await stage.overview();
    assert.deepEqual(totals, { signedIn: 2, cameBack: 2, failed: 2, rejected: 6 });
    assert.deepEqual(
      rejections.map(({ reason, count }) => [reason, count]),
      [
        ["csrf-token", 2],
        ["throttled", 2],
        ["unknown", 2],
      ],
    );
    assert.deepEqual(
      ends.map(({ reason }) => reason),
      ["evicted", "logout"],
    );
    assert.deepEqual(
      addresses.map((each) => ({ ...each })),
      [{ address: client.ip, count: 2 }],
    );
  });

  test("leaves out what a wrong clock wrote ahead of time", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    counters.observe(stage.created());
    counters.observe({ type: "throttled", at: start, by: "client", client, retryAfter: 1 });
    stage.clock.now += 2 * day;
    await counters.flush();
    stage.clock.now = start - 2 * day;
    const { totals, addresses } = await stage.overview();
    assert.deepEqual(totals, { signedIn: 0, cameBack: 0, failed: 0, rejected: 0 });
    assert.deepEqual(addresses, []);
  });

  test("takes the end of a browser that was only remembered for no end of a session", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    const about = { at: start, sessionId: "s" as SessionId, userId: "ada" };
    const remember = { remember: true } as const;
    counters.observe({ ...about, type: "revoked", reason: "logout", ...remember });
    counters.observe({ ...about, type: "theft", client, ...remember });
    counters.observe({ ...about, type: "theft", client });
    await counters.flush();
    assert.deepEqual((await stage.overview()).ends, [{ reason: "theft", count: 1 }]);
  });

  test("takes a browser that comes back after its session grew too old for no refused request", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    for (const reason of ["idle-timeout", "absolute-timeout"] as const) {
      counters.observe({ type: "rejected", at: start, reason, sessionId: "s" as SessionId, client });
      counters.observe(stage.created(["remember"]));
    }
    counters.observe(stage.rejected());
    counters.observe({
      type: "rejected",
      at: start,
      reason: "unknown",
      sessionId: undefined,
      client,
      remember: true,
    });
    await counters.flush();
    const { totals, rejections } = await stage.overview();
    assert.deepEqual(totals, { signedIn: 0, cameBack: 2, failed: 0, rejected: 1 });
    assert.deepEqual(rejections, [{ reason: "unknown", count: 1 }]);
  });

  test("divides an hour into minutes, a day into hours and a month into days, the running one last", async () => {
    const stage = new Stage();
    const counters = stage.counters();
    const happenedAt = [59 * minute, 60 * minute, 23 * hour, 24 * hour, 29 * day, 30 * day, 0];
    for (const ago of happenedAt) counters.observe({ ...stage.created(), at: start - ago });
    await counters.flush();
    const counts = async (period: "hour" | "day" | "month") => {
      const { pieces, totals } = await stage.overview(period);
      const last = pieces.at(-1)!;
      return [
        pieces.length,
        totals.signedIn,
        pieces[0]!.signedIn,
        last.signedIn,
        new Date(last.start).toISOString(),
      ];
    };
    assert.deepEqual(await counts("hour"), [60, 2, 1, 1, "2030-01-31T12:34:00.000Z"]);
    assert.deepEqual(await counts("day"), [24, 4, 1, 1, "2030-01-31T12:00:00.000Z"]);
    assert.deepEqual(await counts("month"), [30, 6, 1, 3, "2030-01-31T00:00:00.000Z"]);
  });

  test("says how long the store took as the least step that half, and 99 of 100, did not exceed", () => {
    const counted = (...all: number[]) => {
      const counts = new Map<string, number>();
      for (const each of all) counts.set(tookName(each), (counts.get(tookName(each)) ?? 0) + 1);
      return latencyOf(counts);
    };
    assert.deepEqual(counted(), { operations: 0, p50: undefined, p99: undefined });
    assert.deepEqual(counted(0.05), { operations: 1, p50: 0.1, p99: 0.1 });
    assert.deepEqual(counted(...Array(99).fill(0.3), 40), { operations: 100, p50: 0.5, p99: 0.5 });
    assert.deepEqual(counted(...Array(98).fill(0.3), 40, 60), { operations: 100, p50: 0.5, p99: 50 });
    assert.deepEqual(counted(60_000), { operations: 1, p50: 5_000, p99: 5_000 });
  });
});

describe("the census", () => {
  async function census(t: TestContext, { sessions = 3, tick = 0 } = {}) {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const stage = new Stage();
    let counts = 0;
    let hasNews = false;
    let elapsed = 0;
    let fails = false;
    const sessionsOf = new MemorySessionStore();
    const taker = () =>
      new CensusTaker({
        sessions: {
          countAlive: async (now, batch, from) => {
            counts += 1;
            if (fails) throw new Error("away");
            assert.ok(batch <= 500);
            await sessionsOf.countAlive(now, batch, from);
            // Steps of one session.
            const at = Number(from ?? 0);
            return { alive: 1, next: at + 1 < sessions ? String(at + 1) : undefined };
          },
        },
        store: stage.store,
        takeNews: () => {
          const had = hasNews;
          hasNews = false;
          return had;
        },
        now: () => stage.clock.now,
        clockAgrees: async () => stage.clock.agrees,
        warn: (message) => void stage.warnings.push(message),
        stopwatch: () => {
          elapsed += tick;
          return elapsed;
        },
      });
    const take = taker();
    return {
      stage,
      take,
      other: taker(),
      steps: () => counts,
      happen: () => {
        hasNews = true;
      },
      fail: (does: boolean) => {
        fails = does;
      },
    };
  }

  test("is taken at once, and then when something happened or half a minute has passed", async (t) => {
    const { stage, take, steps, happen } = await census(t);
    await take.count();
    assert.deepEqual([await stage.store.census(), steps()], [{ countedAt: start, alive: 3 }, 3]);
    stage.clock.now += 10 * second;
    await take.count();
    assert.equal(steps(), 3, "Nothing happened");
    happen();
    await take.count();
    assert.equal(steps(), 6);
    stage.clock.now += 30 * second;
    await take.count();
    assert.equal(steps(), 9, "Sessions end by themselves, too");
    assert.equal((await stage.overview()).census!.countedAt, stage.clock.now);
  });

  test("is not taken again at once, whatever happens, nor by another node", async (t) => {
    const { stage, take, other, steps, happen } = await census(t);
    await take.count();
    happen();
    await take.count();
    await other.count();
    assert.equal(steps(), 3);
    stage.clock.now += 2 * second;
    await other.count();
    assert.equal(steps(), 6);
  });

  test("of many sessions rests a hundred times as long as it took, also where it is asked for all the time", async (t) => {
    const { stage, take, steps, happen } = await census(t, { tick: 1_800 });
    await take.count();
    happen();
    stage.clock.now += 3 * minute - 1;
    await take.count();
    assert.equal(steps(), 3);
    stage.clock.now += 1;
    await take.count();
    assert.equal(steps(), 6);
  });

  test("is not taken by a wrong clock, and goes on where one has put it off for ever", async (t) => {
    const { stage, take, other, steps } = await census(t);
    stage.clock.agrees = false;
    await take.count();
    assert.equal(steps(), 0);
    stage.clock.agrees = true;
    await stage.store.claimCensus(start, start + 1_000 * day, Infinity);
    await other.count();
    assert.deepEqual(await stage.store.census(), { countedAt: start, alive: 3 });
  });

  test("rests for hours at most, which nobody takes for a wrong clock's doing", async (t) => {
    const { stage, take, other, steps } = await census(t, { tick: hour });
    await take.count();
    const longest = 500 * minute;
    await other.count();
    stage.clock.now += longest - 1;
    await other.count();
    assert.equal(steps(), 3);
    stage.clock.now += 1;
    await other.count();
    assert.equal(steps(), 6);
  });

  test("is taken soon again by anybody where it failed or the server stopped in the middle", async (t) => {
    const { stage, take, other, fail } = await census(t);
    fail(true);
    await take.count();
    await take.count();
    assert.equal(stage.warnings.length, 1);
    assert.equal(await stage.store.census(), undefined);
    fail(false);
    stage.clock.now += 5 * minute;
    const counting = take.count();
    await take.stop();
    await counting;
    assert.equal(await stage.store.census(), undefined, "It did not come to the end");
    await other.count();
    assert.equal((await stage.store.census())!.alive, 3);
  });
});
