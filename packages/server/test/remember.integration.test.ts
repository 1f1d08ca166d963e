/** Issue 4.1: "Keep me signed in on this device", as people and programs see it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const day = 24 * 60 * 60_000;
const bob = { email: "bob@example.com", password: "lemon hedgehog violin snail" };
const next = "kettle window upstairs tea cosy";

describe("keep me signed in", () => {
  let server: TestServer;
  /** Holds up the next request that brings a browser back, just before it has. */
  let beforeReturn: (() => Promise<unknown>) | undefined;

  before(async () => {
    server = await startTestServer({ wrapStore: holdingUp(async () => beforeReturn?.()) });
    await server.addUser(bob);
  });
  after(() => server[Symbol.asyncDispose]());

  async function remembered(user = bob): Promise<Visitor> {
    const visitor = server.visitor();
    await visitor.signIn(user, true);
    assert.ok(visitor.remember);
    return visitor;
  }

  async function administrator(): Promise<Visitor> {
    const admin = server.visitor();
    await admin.signIn(ada);
    return admin;
  }

  async function pathOfBob(admin: Visitor): Promise<string> {
    const { users } = (await admin.call("GET", "/api/admin/users")).json();
    return `/api/admin/users/${users.find(({ email }: { email: string }) => email === bob.email).id}`;
  }

  // Proves WSTG-ATHN-05.
  test("is a box that is empty until somebody ticks it, and stays ticked when the password was wrong", async () => {
    const visitor = server.visitor();
    const page = await visitor.get("/login");
    assert.match(page.text, /<input id="remember" name="remember" type="checkbox" value="yes"[^>]*>/);
    assert.doesNotMatch(page.text, / checked/);
    const wrong = await visitor.submit("/login", { email: bob.email, password: "wrong", remember: "yes" });
    assert.equal(wrong.status, 401);
    assert.match(wrong.text, / checked/);
    await visitor.submit("/login", bob);
    assert.ok(visitor.cookie);
    assert.equal(visitor.remember, undefined);
    await visitor.submit("/login", { ...bob, remember: "yes" });
    assert.ok(visitor.remember);
  });

  test("opens the page the next morning without the sign-in page, and says until when", async () => {
    const visitor = await remembered();
    const until = new Date(server.clock.now + 30 * day);
    server.clock.now += day;
    const page = await visitor.get("/devices");
    assert.equal(page.status, 200);
    const words = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(until);
    assert.match(
      page.text,
      new RegExp(`Came back<.*Stays signed in until</dt>\\s*<dd><time[^>]*>${words}<`, "s"),
    );
    server.clock.now += day;
    assert.equal((await visitor.get("/login")).location, "/devices");
    const { session } = (await visitor.call("GET", "/api/session")).json();
    assert.deepEqual(session.amr, ["remember"]);
    await visitor.submit("/logout", {}, "/devices");
    assert.deepEqual([visitor.cookie, visitor.remember], [undefined, undefined]);
  });

  test("does not keep anybody who signs out on a page from before the session ended", async () => {
    for (const [path, status] of [
      ["/logout", 303],
      ["/api/logout", 200],
    ] as const) {
      const visitor = await remembered();
      const token = await visitor.csrfToken();
      server.clock.now += day;
      const answer = await visitor.send("POST", path, { headers: { "x-csrf-token": token } });
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual([visitor.cookie, visitor.remember], [undefined, undefined]);
      assert.equal(await visitor.isSignedIn(), false);
    }
  });

  test("is a boolean in the API, and the list shows browsers that are asleep, which can be signed out", async () => {
    const visitor = server.visitor();
    const body = { ...bob, remember: "yes" };
    assert.equal((await visitor.call("POST", "/api/login", body)).status, 422);
    const asleep = await remembered();
    const here = await asleep.sessionId();
    server.clock.now += day;
    const device = await remembered();
    const { sessions, dormant } = (await device.call("GET", "/api/sessions")).json();
    assert.equal(sessions[0].rememberedUntil, new Date(server.clock.now + 30 * day).toISOString());
    const [found] = dormant.filter(({ id }: { id: string }) => id === here);
    assert.deepEqual(Object.keys(found), [
      "id",
      "device",
      "ip",
      "userAgent",
      "createdAt",
      "lastUsedAt",
      "rememberedUntil",
    ]);
    assert.match((await device.get("/devices")).text, /Asleep/);
    const admin = await administrator();
    const seen = (await admin.call("GET", `/api/admin/sessions?email=${bob.email}`)).json();
    assert.deepEqual(seen.dormant, dormant);
    assert.deepEqual((await device.call("DELETE", `/api/sessions/${here}`)).json(), { ended: 1 });
    assert.equal((await device.call("DELETE", `/api/sessions/${here}`)).status, 404);
    assert.equal(await asleep.isSignedIn(), false);
    assert.equal(await device.isSignedIn(), true);
  });

  test("ends with a password change on all other devices; the one that changed it comes back", async () => {
    const [here, awake, asleep] = [await remembered(), await remembered(), await remembered()];
    server.clock.now += day;
    assert.equal(await awake.isSignedIn(), true);
    assert.equal(await here.isSignedIn(), true);
    const change = { currentPassword: bob.password, newPassword: next };
    assert.equal((await here.call("POST", "/api/password", change)).status, 200);
    for (const visitor of [awake, asleep]) {
      assert.equal(await visitor.isSignedIn(), false);
      visitor.cookie = undefined;
      assert.equal(await visitor.isSignedIn(), false);
    }
    for (let mornings = 0; mornings < 2; mornings++) {
      server.clock.now += day;
      assert.equal(await here.isSignedIn(), true);
    }
    await here.call("POST", "/api/password", { currentPassword: next, newPassword: bob.password });
  });

  // Proves ASVS 7.4.2.
  test("ends when the user is disabled, awake, asleep or on the way, and enabling brings nobody back", async () => {
    const [awake, asleep, returning] = [await remembered(), await remembered(), await remembered()];
    server.clock.now += day;
    assert.equal(await awake.isSignedIn(), true);
    const admin = await administrator();
    const path = await pathOfBob(admin);
    beforeReturn = async () => {
      beforeReturn = undefined;
      assert.equal((await admin.call("PATCH", path, { disabled: true })).status, 200);
    };
    assert.equal(await returning.isSignedIn(), false);
    for (const disabled of [true, false]) {
      await admin.call("PATCH", path, { disabled });
      for (const visitor of [awake, asleep, returning]) {
        assert.equal(await visitor.isSignedIn(), false);
        const copy = visitor.copy();
        copy.cookie = undefined;
        assert.equal(await copy.isSignedIn(), false);
      }
    }
  });

  test("ends for a disabled user even if the server died before it could end anything", async () => {
    const visitor = await remembered();
    server.clock.now += day;
    server.sql("UPDATE coatcheck_users SET disabled = 1 WHERE email = ?", bob.email);
    const answer = await visitor.copy().send("GET", "/api/session");
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    server.sql("UPDATE coatcheck_users SET disabled = 0 WHERE email = ?", bob.email);
    assert.equal(await visitor.isSignedIn(), false);
  });

  test("a stolen copy that comes back late signs the device out and is told to those who watch", async () => {
    const visitor = await remembered();
    const copy = visitor.copy();
    server.clock.now += day;
    assert.equal(await visitor.isSignedIn(), true);
    assert.equal(await visitor.isSignedIn(), true);
    server.clock.now += 30_000;
    copy.cookie = undefined;
    const answer = await copy.get("/login");
    assert.match(answer.text, /You were signed out because/);
    assert.equal(await visitor.isSignedIn(), false);
    assert.match(server.logs, /"event":"session-theft"[^\n]*"remember":true/);
    assert.ok(!server.logs.includes(visitor.remember!));
  });
});

/** Waits before each session of a remembered browser that is begun. */
function holdingUp(wait: () => Promise<unknown>): (store: SessionStore) => SessionStore {
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (name === "insert") {
          const insert: SessionStore["insert"] = async (record, ...rest) => {
            if (record.amr.includes("remember")) await wait();
            return target.insert(record, ...rest);
          };
          return insert;
        }
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
}
