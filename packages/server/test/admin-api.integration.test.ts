/** The API of administrators: who may call it, and what it does at once to the sessions of others. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestServer, type TestServer } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

const minute = 60_000;

function problemOf(answer: Answer): string {
  assert.equal(answer.headers.get("content-type"), "application/problem+json", answer.text);
  return answer.json().type.replace("urn:coatcheck:problem:", "");
}

describe("administration", () => {
  let server: TestServer;
  let admin: Visitor;
  let number = 0;

  before(async () => {
    server = await startTestServer();
    admin = await server.signedIn();
  });
  after(() => server[Symbol.asyncDispose]());

  /** A user of their own for a test. */
  async function someone() {
    const user = { email: `user${++number}@example.com`, password: "lemon hedgehog violin snail" };
    await server.addUser(user);
    const signIn = async () => {
      const visitor = server.visitor();
      await visitor.signIn(user);
      return visitor;
    };
    return {
      ...user,
      id: `id of ${user.email}`,
      path: `/api/admin/users/${encodeURIComponent(`id of ${user.email}`)}`,
      signIn,
    };
  }

  const calls: readonly [method: string, path: string, body?: unknown][] = [
    ["GET", "/api/admin/users"],
    ["POST", "/api/admin/users", { email: "x@example.com" }],
    ["POST", "/api/admin/users/x/setup-link"],
    ["PATCH", "/api/admin/users/x", { disabled: true }],
    ["GET", "/api/admin/users/x/sessions"],
    ["DELETE", "/api/admin/users/x/sessions"],
    ["GET", "/api/admin/sessions?email=ada@example.com"],
    ["DELETE", "/api/admin/sessions/x"],
  ];

  test("is for administrators only", async () => {
    const eve = await (await someone()).signIn();
    for (const [method, path, body] of calls) {
      assert.equal(problemOf(await server.visitor().call(method, path, body)), "not-signed-in", path);
      const answer = await eve.call(method, path, body);
      assert.deepEqual([answer.status, problemOf(answer)], [403, "forbidden"], `${method} ${path}`);
    }
  });

  // Proves ASVS 7.5.3.
  test("demands that the password was typed within ten minutes", async () => {
    const visitor = await server.signedIn();
    server.clock.now += 10 * minute;
    for (const [method, path, body] of calls) {
      const answer = await visitor.call(method, path, body);
      assert.deepEqual([answer.status, problemOf(answer)], [403, "reauth-required"], `${method} ${path}`);
    }
    await visitor.call("POST", "/api/reauthenticate", { password: "tea kettle upstairs window" });
    assert.equal((await visitor.call("GET", "/api/admin/users")).status, 200);
    await admin.call("POST", "/api/reauthenticate", { password: "tea kettle upstairs window" });
  });

  test("demands the CSRF token of every call that changes something", async () => {
    const { path } = await someone();
    const headers = { "content-type": "application/json" };
    const answer = await admin.send("PATCH", path, { headers, body: '{"disabled":true}' });
    assert.equal(problemOf(answer), "csrf");
  });

  // Proves ASVS 8.3.2.
  test("is open to who was made an administrator, and closed at once to who is none any more", async () => {
    const eve = await someone();
    const before = await eve.signIn();
    const { user, endedSessions } = (await admin.call("PATCH", eve.path, { roles: ["admin"] })).json();
    assert.deepEqual([user.roles, endedSessions], [["admin", "user"], 1]);
    assert.equal((await before.send("GET", "/api/session")).json().reason, "account-changed");

    const promoted = await eve.signIn();
    assert.equal((await promoted.call("GET", "/api/admin/users")).status, 200);
    await admin.call("PATCH", eve.path, { roles: [] });
    assert.equal(problemOf(await promoted.call("GET", "/api/admin/users")), "not-signed-in");
    assert.equal(problemOf(await (await eve.signIn()).call("GET", "/api/admin/users")), "forbidden");
  });

  // Proves ASVS 7.4.2.
  test("disables a user: all their sessions end at once, with requests in flight, and nothing lets them in", async () => {
    const eve = await someone();
    const devices = [await eve.signIn(), await eve.signIn(), await eve.signIn()];
    // No more attempts at once than are free: beyond them the last sign-in would have to wait.
    const inFlight = [
      devices[0]!.call("POST", "/api/reauthenticate", { password: eve.password }),
      server.visitor().call("POST", "/api/login", { email: eve.email, password: eve.password }),
      ...devices.map((device) => device.send("GET", "/api/session")),
    ];
    const { user } = (await admin.call("PATCH", eve.path, { disabled: true })).json();
    assert.equal(user.disabled, true);
    for (const device of devices) {
      const told = (await device.send("GET", "/api/session")).json();
      assert.deepEqual([told.status, told.reason], [401, "account-changed"]);
    }
    await Promise.all(inFlight);
    assert.deepEqual((await admin.call("GET", `${eve.path}/sessions`)).json(), { sessions: [] });
    const again = await server
      .visitor()
      .call("POST", "/api/login", { email: eve.email, password: eve.password });
    assert.equal(problemOf(again), "invalid-credentials");

    const enabled = await admin.call("PATCH", eve.path, { disabled: false });
    assert.deepEqual([enabled.json().user.disabled, enabled.json().endedSessions], [false, 0]);
    assert.equal(await devices[0]!.isSignedIn(), false, "Enabling brings no session back");
    assert.equal(await (await eve.signIn()).isSignedIn(), true);
  });

  test("ends nobody's session by a change that changes nothing", async () => {
    const eve = await someone();
    const device = await eve.signIn();
    for (const change of [{}, { roles: ["user"] }, { disabled: false }]) {
      assert.equal((await admin.call("PATCH", eve.path, change)).json().endedSessions, 0);
    }
    assert.equal(await device.isSignedIn(), true);
  });

  test("lets nobody change their own rights: somebody must remain who can give them back", async () => {
    const { user } = (await admin.send("GET", "/api/session")).json();
    for (const change of [{ roles: [] }, { disabled: true }]) {
      const answer = await admin.call("PATCH", `/api/admin/users/${user.id}`, change);
      assert.deepEqual([answer.status, problemOf(answer)], [409, "own-rights"]);
    }
    assert.equal((await admin.call("GET", "/api/admin/users")).status, 200);
  });

  test("refuses roles and fields that there are not, and users that there are not", async () => {
    const { path } = await someone();
    for (const change of [
      { roles: ["root"] },
      { roles: "admin" },
      { disabled: 1 },
      { email: "x@example.com" },
    ]) {
      assert.equal(problemOf(await admin.call("PATCH", path, change)), "invalid-input");
    }
    for (const path of ["/api/admin/users/nobody", "/api/admin/users/%00"]) {
      assert.equal(problemOf(await admin.call("PATCH", path, { disabled: true })), "not-found");
    }
    assert.equal(
      problemOf(await admin.call("GET", "/api/admin/sessions?email=nobody@example.com")),
      "not-found",
    );
    assert.equal(problemOf(await admin.call("DELETE", "/api/admin/sessions/x")), "not-found");
  });

  // Proves ASVS 6.4.6.
  test("creates a user, who chooses a password by the link: good once, and only the newest", async () => {
    const email = `Grace${++number}@example.com`;
    const created = await admin.call("POST", "/api/admin/users", { email, roles: ["admin"] });
    assert.equal(created.status, 201);
    const { user, setupLink, expiresAt } = created.json();
    assert.deepEqual([user.email, user.roles, user.disabled], [email, ["admin", "user"], false]);
    assert.ok(
      setupLink.startsWith(`${server.origin}/reset#`),
      "The code is behind the #, where no log sees it",
    );
    assert.equal(Date.parse(expiresAt), server.clock.now + 3 * 24 * 60 * minute);
    assert.ok(!server.logs.includes(setupLink.split("#")[1]));

    server.clock.now += 1;
    const again = (await admin.call("POST", `/api/admin/users/${user.id}/setup-link`)).json();
    const password = "violin hedgehog lemon snail";
    const choose = (link: string) =>
      server.visitor().submit("/reset", { code: link.split("#")[1]!, password });
    assert.equal((await choose(setupLink)).status, 422, "A newer link voids the older ones");
    assert.equal((await choose(again.setupLink)).status, 303);
    assert.equal((await choose(again.setupLink)).status, 422, "It is good once");
    const grace = server.visitor();
    await grace.signIn({ email, password });
    assert.equal((await grace.call("GET", "/api/admin/users")).status, 200);
  });

  test("makes no link that is of no use, and no second user of an address", async () => {
    const late = (await admin.call("POST", "/api/admin/users", { email: "late@example.com" })).json();
    const path = `/api/admin/users/${late.user.id}`;
    await admin.call("PATCH", path, { disabled: true });
    assert.equal(problemOf(await admin.call("POST", `${path}/setup-link`)), "user-disabled");
    const taken = await admin.call("POST", "/api/admin/users", { email: "LATE@example.com" });
    assert.deepEqual([taken.status, problemOf(taken)], [409, "address-taken"]);
    for (const body of [{ email: "nobody" }, { email: "a@b.example", roles: ["root"] }, { email: 1 }, {}]) {
      assert.equal(problemOf(await admin.call("POST", "/api/admin/users", body)), "invalid-input");
    }
    assert.equal(problemOf(await admin.call("POST", "/api/admin/users/nobody/setup-link")), "not-found");
  });

  // Proves ASVS 16.2.5.
  test("lists the users page by page, each once and in order, and never what they sign in with", async () => {
    for (let more = 0; more < 5; more++) await someone();
    const all = (await admin.call("GET", "/api/admin/users?limit=200")).json();
    assert.equal(all.next, undefined);
    const seen: string[] = [];
    let cursor = "";
    do {
      const answer = await admin.call("GET", `/api/admin/users?limit=3${cursor && `&cursor=${cursor}`}`);
      const { users, next } = answer.json();
      assert.ok(users.length <= 3);
      assert.doesNotMatch(answer.text, /argon2|hash/i);
      seen.push(...users.map(({ email }: { email: string }) => email));
      cursor = next ?? "";
    } while (cursor);
    assert.deepEqual(
      seen,
      all.users.map(({ email }: { email: string }) => email),
    );
    const keys = seen.map((email) => email.toLowerCase());
    assert.deepEqual(keys, keys.toSorted());
    for (const limit of ["0", "201", "many"]) {
      assert.equal(problemOf(await admin.call("GET", `/api/admin/users?limit=${limit}`)), "invalid-input");
    }
  });

  // Proves ASVS 7.4.5.
  test("finds the sessions of somebody, and ends one, or all", async () => {
    const eve = await someone();
    const [one, two, three] = [await eve.signIn(), await eve.signIn(), await eve.signIn()];
    const ids = await Promise.all([one, two, three].map((device) => device.sessionId()));
    const found = (await admin.call("GET", `/api/admin/sessions?email=${eve.email.toUpperCase()}`)).json();
    assert.equal(found.user.id, eve.id);
    assert.deepEqual(found.sessions.map(({ id }: { id: string }) => id).sort(), ids.toSorted());
    const path = `/api/admin/sessions/${await one.sessionId()}`;
    assert.deepEqual((await admin.call("DELETE", path)).json(), { ended: 1 });
    assert.equal((await one.send("GET", "/api/session")).json().reason, "revoked");
    assert.equal(problemOf(await admin.call("DELETE", path)), "not-found");
    assert.equal((await admin.call("GET", `${eve.path}/sessions`)).json().sessions.length, 2);
    assert.deepEqual((await admin.call("DELETE", `${eve.path}/sessions`)).json(), { ended: 2 });
    for (const device of [two, three]) assert.equal(await device.isSignedIn(), false);
    assert.equal(await admin.isSignedIn(), true);
  });

  test("is described in the OpenAPI document, with its problems", async () => {
    const { paths } = (await server.visitor().send("GET", "/openapi.json")).json();
    for (const path of ["users", "users/{id}", "users/{id}/sessions", "sessions", "sessions/{id}"]) {
      for (const operation of Object.values<{ responses: object; security: unknown[] }>(
        paths[`/api/admin/${path}`],
      )) {
        assert.ok("403" in operation.responses && "401" in operation.responses);
        assert.equal(operation.security.length, 1);
      }
    }
  });
});
