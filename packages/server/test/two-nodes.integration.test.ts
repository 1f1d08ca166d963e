/** Two server processes that share their stores are one server to everybody. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { providePostgres } from "../../../test/servers/postgres.ts";
import { provideRedis } from "../../../test/servers/redis.ts";
import { startTcpProxy } from "../../../test/servers/tcp-proxy.ts";
import { type Node, type Settings, startNode } from "./support/command-line.ts";
import { ada, withAda } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

const changed = "window upstairs kettle tea";

interface Shared extends AsyncDisposable {
  readonly settings: Settings;
}

async function onPostgres(): Promise<Shared> {
  const database = await providePostgres();
  return {
    settings: { COATCHECK_DATABASE: database.url },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function onPostgresAndRedis(): Promise<Shared> {
  const [postgres, redis] = await Promise.all([onPostgres(), provideRedis()]);
  return {
    settings: { ...postgres.settings, COATCHECK_SESSIONS: redis.url },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([postgres, redis].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

/** How late a node may be with a refusal, in milliseconds: what the cache promises for a channel that was cut. */
const maxStaleness = 1_000;

/** Asks until nobody is let in, which must not be later. To be called when the end of the session has been answered. */
async function shutOutInTime(visitor: Visitor): Promise<Answer> {
  const endedAt = performance.now();
  for (;;) {
    const askedAt = performance.now();
    const answer = await visitor.send("GET", "/api/session");
    if (answer.status !== 200) return answer;
    assert.ok(askedAt - endedAt < maxStaleness, "A request was let in too long after the end of its session");
  }
}

async function refusedInTime(visitor: Visitor): Promise<Answer> {
  const answer = await shutOutInTime(visitor);
  assert.equal(answer.status, 401);
  return answer;
}

/** Asks until the node answers from memory. */
async function kept(visitor: Visitor, node: Node): Promise<void> {
  const finds = () => metric(node, 'store_seconds_count{kind="sessions",operation="find",outcome="ok"}');
  for (let attempt = 0; attempt < 100; attempt++) {
    const before = await finds();
    assert.equal(await visitor.isSignedIn(), true);
    if ((await finds()) === before) return;
  }
  assert.fail("Every request asked the store");
}

async function metric(node: Node, name: string): Promise<number> {
  const { text } = await node.visitor().send("GET", "/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`coatcheck_${name} `));
  return Number(line?.split(" ").at(-1));
}

for (const [stores, open] of Object.entries({
  PostgreSQL: onPostgres,
  "PostgreSQL and Redis": onPostgresAndRedis,
})) {
  describe(`two nodes on ${stores}`, () => {
    let shared: Shared;
    let a: Node;
    let b: Node;

    before(async () => {
      shared = await open();
      // At the same time: both make the tables, and both would create the administrator.
      [a, b] = await Promise.all(
        [1, 2].map(() => startNode({ ...shared.settings, ...withAda })) as [Promise<Node>, Promise<Node>],
      );
    });
    after(async () => {
      await Promise.all([a, b].map((node) => node[Symbol.asyncDispose]()));
      await shared[Symbol.asyncDispose]();
    });

    async function signedInOn(node: Node, password = ada.password): Promise<Visitor> {
      const visitor = node.visitor();
      await visitor.signIn({ ...ada, password });
      return visitor;
    }

    async function devicesSeenBy(visitor: Visitor): Promise<string[]> {
      const { sessions } = (await visitor.send("GET", "/api/sessions")).json();
      return sessions.map(({ id }: { id: string }) => id).sort();
    }

    test("have one administrator, though both were told to create one", async () => {
      const [onA, onB] = [await signedInOn(a), await signedInOn(b)];
      const idOf = async (visitor: Visitor) => (await visitor.send("GET", "/api/session")).json().user.id;
      assert.equal(await idOf(onA), await idOf(onB));
      for (const node of [a, b]) assert.doesNotMatch(node.output(), /setup#/);
    });

    test("who signs in on one is signed in on the other", async () => {
      const visitor = await signedInOn(a);
      assert.equal(await b.visitor(visitor).isSignedIn(), true);
    });

    test("who signs out on one is signed out on the other in time, and for good (better-auth#6893)", async () => {
      const onA = await signedInOn(a);
      const onB = b.visitor(onA);
      const copy = a.visitor(onA);
      assert.equal(await onB.isSignedIn(), true);
      assert.equal((await onB.call("POST", "/api/logout")).status, 200);
      assert.equal((await refusedInTime(onA)).json().reason, "logout");
      assert.equal(await copy.isSignedIn(), false);
      assert.equal((await copy.send("GET", "/api/session")).json().reason, "logout");
    });

    test("both answer from memory, and what ends on one is refused on the other long before it would have to be", async () => {
      const delays: number[] = [];
      for (let round = 0; round < 9; round++) {
        const onA = await signedInOn(a);
        const onB = b.visitor(onA);
        await kept(onB, b);
        assert.equal((await onA.call("POST", "/api/logout")).status, 200);
        const endedAt = performance.now();
        await refusedInTime(onB);
        delays.push(performance.now() - endedAt);
      }
      // Milliseconds, of which a busy machine makes more.
      assert.ok(delays.toSorted((x, y) => x - y)[4]! < maxStaleness / 4, `${delays} ms`);
    });

    test("a stream on one closes in time when the session ends on the other, and not at a new proof (express-ws#88)", async () => {
      const delays: number[] = [];
      for (let round = 0; round < 5; round++) {
        const onA = await signedInOn(a);
        const onB = b.visitor(onA);
        const { status, rest } = await onA.events();
        assert.equal(status, 200);
        const proof = { password: ada.password };
        assert.equal((await onB.call("POST", "/api/reauthenticate", proof)).status, 200);
        assert.equal(await a.visitor(onB).isSignedIn(), true);
        assert.equal((await onB.call("POST", "/api/logout")).status, 200);
        const endedAt = performance.now();
        assert.equal(await rest, 'event: ended\ndata: {"reason":"logout"}\n\n');
        delays.push(performance.now() - endedAt);
      }
      assert.ok(delays.toSorted((x, y) => x - y)[2]! < maxStaleness, `${delays} ms`);
    });

    test("what one writes into the audit the other tells administrators who listen", async () => {
      const onA = await signedInOn(a);
      const { until, leave } = await onA.events("/api/admin/events?event=created");
      await signedInOn(b);
      await until(/"event":"created"/);
      leave();
    });

    test("what happens on both is counted together", async () => {
      const onA = await signedInOn(a);
      const figures = async () => (await onA.call("GET", "/api/admin/figures")).json();
      const { until, leave } = await onA.events("/api/admin/events?event=none");
      for (const node of [a, b, b])
        await node.visitor().call("POST", "/api/login", { ...ada, password: "wrong" });
      for (let news = 1; (await figures()).totals.failed < 3; news++)
        await until(new RegExp(`(event: figures[^]*){${news}}`));
      leave();
      const { totals, sessions, store, pieces } = await figures();
      assert.equal(totals.failed, 3);
      assert.equal(pieces.length, 60);
      assert.ok(sessions.countedAt && store.operations > 0 && store.p99 >= store.p50);
    });

    test("both show the same devices, and end those of each other", async () => {
      const onA = await signedInOn(a);
      const onB = await signedInOn(b);
      const devices = await devicesSeenBy(onA);
      assert.deepEqual(devices, await devicesSeenBy(onB));
      assert.deepEqual(devices, await devicesSeenBy(b.visitor(onA)));
      const { id } = (await onB.send("GET", "/api/session")).json().session;
      assert.equal((await onA.call("DELETE", `/api/sessions/${id}`)).status, 200);
      await refusedInTime(onB);
      assert.deepEqual(
        await devicesSeenBy(onA),
        devices.filter((device) => device !== id),
      );
    });

    test("a password change on one ends the other sessions on the other", async () => {
      const onA = await signedInOn(a);
      const others = [await signedInOn(b), await signedInOn(b)];
      const change = { currentPassword: ada.password, newPassword: changed };
      assert.equal((await onA.call("POST", "/api/password", change)).status, 200);
      for (const other of others) {
        assert.equal((await refusedInTime(other)).json().reason, "credentials-changed");
      }
      assert.equal(await b.visitor(onA).isSignedIn(), true);
      assert.equal((await b.visitor().call("POST", "/api/login", { ...ada })).status, 401);
      const back = await signedInOn(b, changed);
      const change2 = { currentPassword: changed, newPassword: ada.password };
      assert.equal((await back.call("POST", "/api/password", change2)).status, 200);
    });

    test("sign-ins on both while one changes the password leave no session behind", async () => {
      const owner = a.visitor();
      // So many thieves use up what strangers may try, but not what a known device may.
      owner.keepsDevice = true;
      await owner.signIn(ada);
      const thieves = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? a : b).visitor());
      const attempts = thieves.map((thief) => thief.call("POST", "/api/login", { ...ada }));
      const change = { currentPassword: ada.password, newPassword: changed };
      const [answer] = await Promise.all([owner.call("POST", "/api/password", change), ...attempts]);
      assert.equal(answer!.status, 200);
      const alive = await Promise.all(thieves.map((thief) => thief.isSignedIn()));
      assert.ok(alive.every((isAlive) => !isAlive));
      assert.equal((await devicesSeenBy(owner)).length, 1);
      const change2 = { currentPassword: changed, newPassword: ada.password };
      assert.equal((await owner.call("POST", "/api/password", change2)).status, 200);
    });

    test("when one is killed the other goes on", async () => {
      const onA = await signedInOn(a);
      const ended = once(a.process, "exit");
      a.process.kill("SIGKILL");
      await ended;
      const onB = b.visitor(onA);
      assert.equal(await onB.isSignedIn(), true);
      assert.equal((await onB.call("POST", "/api/logout")).status, 200);
      await a.start();
      assert.equal(await onA.isSignedIn(), false);
    });

    // The last one: after it this address is throttled.
    test("of two hundred wrong passwords at once on both, five are looked at (CVE-2019-5421)", async () => {
      const wrong = { email: "eve@example.com", password: "not the right password" };
      const start = performance.now();
      const attempts = Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? a : b).visitor().call("POST", "/api/login", wrong),
      );
      const statuses = (await Promise.all(attempts)).map(({ status }) => status);
      const looked = statuses.filter((status) => status === 401).length;
      assert.equal(statuses.filter((status) => status === 429).length, 200 - looked);
      // On a slow machine one more after a second, another after three.
      const waits = Math.floor(Math.log2((performance.now() - start) / 1_000 + 1));
      assert.ok(looked >= 5 && looked <= 5 + waits, `${looked} were looked at`);
    });
  });
}

test("a node whose line to Redis is cut lets nobody in whose session ended longer ago than it may not know, and heals", async (t) => {
  const shared = await onPostgresAndRedis();
  const redis = new URL(shared.settings.COATCHECK_SESSIONS!);
  const proxy = await startTcpProxy(Number(redis.port));
  redis.port = String(proxy.port);
  const a = await startNode({ ...shared.settings, ...withAda });
  const b = await startNode({ ...shared.settings, COATCHECK_SESSIONS: redis.href });
  t.after(async () => {
    for (const each of [a, b, proxy, shared]) await each[Symbol.asyncDispose]();
  });
  const onA = a.visitor();
  await onA.signIn(ada);
  const onB = b.visitor(onA);
  await kept(onB, b);
  proxy.weather("deaf");
  assert.equal((await onA.call("POST", "/api/logout")).status, 200);
  assert.equal((await shutOutInTime(onB)).status, 503);
  proxy.weather("fine");
  proxy.reset();
  let answer: Answer;
  do answer = await onB.send("GET", "/api/session");
  while (answer.status === 503);
  assert.deepEqual([answer.status, answer.json().reason], [401, "logout"]);
});
