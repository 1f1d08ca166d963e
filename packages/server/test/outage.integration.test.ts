import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";

const attemptsOf = ({ throttle }: SessionStore): NonNullable<SessionStore["throttle"]> => ({
  attempt: (...args) => throttle!.attempt(...args),
  refund: (key) => throttle!.refund(key),
  reset: (key) => throttle!.reset(key),
  find: (key) => throttle!.find(key),
  deleteExpired: (...args) => throttle!.deleteExpired(...args),
});

const broken = () => Promise.reject(new Error("the disk is gone"));

describe("while the session store is down", () => {
  let server: TestServer;
  let isDown = false;
  const wrapStore = (store: SessionStore): SessionStore => ({
    insert: (...args) => (isDown ? broken() : store.insert(...args)),
    find: (id) => (isDown ? broken() : store.find(id)),
    update: (...args) => (isDown ? broken() : store.update(...args)),
    delete: (...args) => (isDown ? broken() : store.delete(...args)),
    findByUser: (userId) => (isDown ? broken() : store.findByUser(userId)),
    deleteByUser: (...args) => (isDown ? broken() : store.deleteByUser(...args)),
    deleteExpired: (...args) => (isDown ? broken() : store.deleteExpired(...args)),
    time: () => (isDown ? broken() : store.time()),
    throttle: {
      ...attemptsOf(store),
      attempt: (...args) => (isDown ? broken() : store.throttle!.attempt(...args)),
    },
  });
  before(async () => {
    server = await startTestServer({ wrapStore });
  });
  after(() => server[Symbol.asyncDispose]());

  // Proves ASVS 16.5.2, RFC 9110 §10.2.3.
  test("nobody is signed out: 503, when to come back, and the cookie is kept", async () => {
    const visitor = await server.signedIn();
    isDown = true;
    for (const path of ["/devices", "/login", "/", "/api/session", "/api/sessions"]) {
      const answer = await visitor.get(path);
      assert.equal(answer.status, 503, path);
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
      assert.equal(answer.headers.getSetCookie().length, 0);
    }
    assert.match((await visitor.get("/devices")).text, /You are not signed out/);
    const logout = await visitor.submit("/logout", {});
    assert.equal(logout.status, 503);
    assert.equal(logout.headers.getSetCookie().length, 0);
    isDown = false;
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("sign-in says so too, and leaves no cookie", async () => {
    isDown = true;
    const visitor = server.visitor();
    assert.equal((await visitor.call("POST", "/api/login", { ...ada })).status, 503);
    assert.equal(visitor.cookie, undefined);
    isDown = false;
  });

  // Proves ASVS 16.5.2.
  test("what needs no session works, and readiness says no", async () => {
    isDown = true;
    const visitor = server.visitor();
    assert.equal((await visitor.get("/login")).status, 200);
    assert.equal((await visitor.get("/docs")).status, 200);
    assert.equal((await visitor.send("GET", "/healthz")).status, 200);
    const readiness = await visitor.send("GET", "/readyz");
    assert.equal(readiness.status, 503);
    assert.deepEqual(readiness.json(), { status: "store-unavailable" });
    isDown = false;
    assert.equal((await visitor.send("GET", "/readyz")).status, 200);
  });

  test("a password change that could not end the other sessions still shuts them out", async () => {
    const visitor = await server.signedIn();
    const other = await server.signedIn();
    const token = await visitor.csrfToken();
    server.clock.now += 10_000;
    const sessions = server.running.sessions;
    const revokeAll = sessions.revokeAll;
    sessions.revokeAll = () => {
      isDown = true;
      return revokeAll.call(sessions, "whoever");
    };
    const answer = await visitor.send("POST", "/api/password", {
      headers: { "content-type": "application/json", "x-csrf-token": token },
      body: JSON.stringify({ currentPassword: ada.password, newPassword: "window upstairs kettle tea" }),
    });
    sessions.revokeAll = revokeAll;
    isDown = false;
    assert.equal(answer.status, 503);
    assert.equal(await other.isSignedIn(), false);
  });
});

test("while the users cannot be looked up nobody is signed out, and nobody is told that a password was wrong", async () => {
  await using server = await startTestServer();
  const visitor = await server.signedIn();
  server.sql("ALTER TABLE coatcheck_users RENAME TO away");
  for (const answer of [
    await visitor.get("/devices"),
    await visitor.send("GET", "/api/session"),
    await server.visitor().call("POST", "/api/login", { ...ada }),
    await server.visitor().send("GET", "/readyz"),
  ]) {
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
  server.sql("ALTER TABLE away RENAME TO coatcheck_users");
  assert.equal(await visitor.isSignedIn(), true);
});

test("sessions may be kept in memory", async () => {
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_SESSIONS: "memory:" } });
  const visitor = await server.signedIn();
  assert.equal(await visitor.isSignedIn(), true);
  assert.equal(server.sql("SELECT id FROM coatcheck_sessions").length, 0);
});

// Proves ASVS 16.5.1, ASVS 16.3.4.
test("a request that fails in a way nobody thought of is recorded, and tells nothing", async () => {
  await using server = await startTestServer();
  const visitor = await server.signedIn();
  server.running.sessions.devices = () => Promise.reject(new Error("canary: a secret of the inside"));
  const page = await visitor.get("/devices");
  assert.equal(page.status, 500);
  assert.match(page.headers.get("content-security-policy")!, /default-src 'none'/);
  assert.doesNotMatch(page.text, /canary/);
  const call = await visitor.send("GET", "/api/sessions");
  assert.equal(call.status, 500);
  assert.equal(call.headers.get("content-type"), "application/problem+json");
  assert.ok(server.logs.includes(call.json().requestId));
  assert.match(server.logs, /canary/);
  assert.equal(await visitor.isSignedIn(), true);
});

// Proves ASVS 2.4.1.
test("more sign-ins at once than the server can bear are told to come back", async () => {
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_TRUST_PROXY: "loopback" } });
  // Each for an account and from an address of its own: nobody is throttled.
  const attempts = Array.from({ length: 300 }, (_, n) =>
    server.visitor().send("POST", "/api/login", {
      headers: { "content-type": "application/json", "x-forwarded-for": `198.51.${n >> 8}.${n & 255}` },
      body: JSON.stringify({ email: `nobody${n}@example.com`, password: "wrong" }),
    }),
  );
  const health = server.visitor().send("GET", "/healthz");
  const statuses = Map.groupBy(await Promise.all(attempts), ({ status }) => status);
  assert.deepEqual([...statuses.keys()].toSorted(), [401, 503]);
  assert.ok(statuses.get(503)!.every(({ headers }) => Number(headers.get("retry-after")) > 0));
  assert.equal((await health).status, 200);
});
