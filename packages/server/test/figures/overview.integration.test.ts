/** The overview of administrators: the page, its part, and the same as JSON. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { forwarding } from "../support/forwarding.ts";
import { ada, startTestServer, type TestServer } from "../support/test-server.ts";
import type { Visitor } from "../support/visitor.ts";

const minute = 60_000;
const wrong = (server: TestServer) =>
  server.visitor().submit("/login", { ...ada, password: "not the password" });

function sum(pieces: readonly { readonly failed: number }[]): number {
  return pieces.reduce((total, { failed }) => total + failed, 0);
}

async function figuresOf(server: TestServer, admin: Visitor, period = "hour") {
  await server.running.flushFigures();
  return (await admin.call("GET", `/api/admin/figures?period=${period}`)).json();
}

/** Lets pass what the census rests, and gives how many sessions it has counted since. */
async function countedNow(server: TestServer, admin: Visitor): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    server.clock.now += 10_000;
    const { sessions } = await figuresOf(server, admin);
    if (Date.parse(sessions?.countedAt) === server.clock.now) return sessions.alive;
  }
  assert.fail("Nobody counted");
}

describe("the figures of administrators", () => {
  test("say what happened, in every period that it falls into, and how many sessions are alive", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const other = await server.signedIn();
    await wrong(server);
    await server.visitor().call("POST", "/api/login", { ...ada, password: "wrong" });
    await other.call("POST", "/api/logout");
    await other.copy().send("GET", "/api/session");
    assert.equal(await countedNow(server, admin), 1);
    for (const period of ["hour", "day", "month"]) {
      const { totals, pieces, ends, store } = await figuresOf(server, admin, period);
      assert.deepEqual(totals, { signedIn: 2, cameBack: 0, failed: 2, rejected: totals.rejected }, period);
      assert.equal(pieces.length, { hour: 60, day: 24, month: 30 }[period]);
      assert.equal(sum(pieces.slice(-3)), 2);
      assert.equal(pieces.at(-1).alive, 1);
      assert.deepEqual(ends, [{ reason: "logout", count: 1 }]);
      assert.ok(store.operations > 3 && store.failed === 0 && store.p50 <= store.p99);
    }
    assert.equal((await admin.call("GET", "/api/admin/figures?period=year")).status, 422);
  });

  test("count sessions right after some have expired by themselves", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    for (let each = 0; each < 3; each++) await server.signedIn();
    assert.equal(await countedNow(server, admin), 4);
    server.clock.now += 29 * minute;
    const late = await server.signedIn();
    server.clock.now += 2 * minute;
    assert.equal(await countedNow(server, late), 1, "Nobody has removed or told of the others");
  });

  test("show what was refused and who was throttled", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    for (let times = 0; times < 8; times++) await wrong(server);
    await server.visitor().send("GET", "/api/session", { headers: { cookie: "__Host-session=forged" } });
    const { rejections, refusedAddresses } = await figuresOf(server, admin);
    const reasons = rejections.map(({ reason }: { reason: string }) => reason);
    assert.ok(reasons.includes("throttled") && reasons.includes("unopened"), reasons.join());
    assert.equal(refusedAddresses[0].address, "127.0.0.1");
  });

  test("say that sessions were not counted yet, where the store could not, and nothing else suffers from it", async () => {
    let isAway = true;
    await using server = await startTestServer({
      wrapStore: (store: SessionStore) =>
        Object.assign(forwarding(store), {
          countAlive: async (...of: Parameters<NonNullable<SessionStore["countAlive"]>>) => {
            if (isAway) throw new Error("away");
            return store.countAlive!(...of);
          },
        }),
    });
    const admin = await server.signedIn();
    await server.running.flushFigures();
    assert.equal((await figuresOf(server, admin)).sessions, undefined, "Not counted is not zero");
    assert.match((await admin.get("/admin")).text, /not counted yet/);
    assert.match(server.logs, /Sessions could not be counted/);
    isAway = false;
    server.clock.now += 5 * minute;
    assert.equal(await countedNow(server, admin), 1);
  });
});

describe("the overview", () => {
  test("is the landing page of the administration, and whole without script", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    await wrong(server);
    assert.equal(await countedNow(server, admin), 1);
    const { status, text } = await admin.get("/admin");
    assert.equal(status, 200);
    assert.match(text, /<a href="\/admin"\s+aria-current="page">Overview<\/a>/);
    assert.match(text, />Failed sign-ins<\/a><\/h2><span class="figure">1<\/span>/);
    assert.match(text, /href="\/admin\/sessions">Sessions alive<\/a><\/h2><span class="figure">1<\/span>/);
    assert.match(text, /role="img" aria-label="Sign-ins and failures over time: 1 succeeded, 1 failed\."/);
    assert.match(text, /<summary>All figures as a table<\/summary>/);
    assert.match(text, /href="\/admin">Reload</);
    assert.doesNotMatch(text, / style=/, "The policy would not let it be");
    const part = await admin.get("/live/admin");
    assert.ok(text.includes(part.text.trim()));
  });

  test("shows other periods, and the hour where it does not know the one that is asked for", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    for (const [query, rows] of [
      ["", 60],
      ["?period=day", 24],
      ["?period=month", 30],
      ["?period=x", 60],
    ] as const) {
      const { text } = await admin.get(`/admin${query}`);
      assert.equal(text.split("<tbody>")[1]!.match(/<tr>/g)!.length, rows, query);
    }
  });

  test("is for administrators, and its part is no use of their session", async () => {
    await using server = await startTestServer();
    const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(eve);
    const visitor = server.visitor();
    await visitor.signIn(eve);
    for (const path of ["/admin", "/live/admin", "/api/admin/figures"])
      assert.equal((await visitor.get(path)).status, 403, path);
    const admin = await server.signedIn();
    server.clock.now += 5 * minute;
    const seen = () => server.sql("SELECT max(last_seen_at) AS at FROM coatcheck_sessions")[0]!.at;
    const before = seen();
    assert.equal((await admin.get("/live/admin")).status, 200);
    assert.equal(seen(), before);
    server.clock.now += 5 * minute;
    assert.equal((await admin.get("/live/admin")).status, 403);
  });

  test("of a page that nobody leaves makes no news of its own", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    await server.running.flushFigures();
    const batches = () => server.sql("SELECT count(*) AS n FROM coatcheck_figure_batches")[0]!.n;
    const before = batches();
    const { leave } = await admin.events("/api/admin/events");
    for (let looks = 0; looks < 5; looks++) assert.equal((await admin.get("/live/admin")).status, 200);
    assert.equal(batches(), before);
    leave();
  });
});
