import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Answer } from "./support/visitor.ts";

const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };

function problemOf(answer: Answer): string {
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = answer.json();
  assert.equal(problem.status, answer.status);
  assert.ok(problem.title && problem.requestId);
  return problem.type.replace("urn:coatcheck:problem:", "");
}

describe("the API", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.addUser(eve);
  });
  after(() => server[Symbol.asyncDispose]());

  test("POST /api/login signs in: by password, with a stored session (next-auth#3729)", async () => {
    const visitor = server.visitor();
    const answer = await visitor.call("POST", "/api/login", { ...ada });
    assert.equal(answer.status, 200);
    const { message, user } = answer.json();
    assert.equal(message, "Login successful");
    assert.deepEqual(Object.keys(user), ["id", "email", "roles"]);
    assert.deepEqual(user.roles, ["admin", "user"]);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("POST /api/login without headers of a browser works, as for curl", async () => {
    const response = await fetch(`${server.origin}/api/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ada),
    });
    assert.equal(response.status, 200);
  });

  // Proves ASVS 6.3.8.
  test("an unknown user, a wrong password and a disabled user get the same bytes", async () => {
    const disabled = { email: "off@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(disabled);
    server.sql("UPDATE coatcheck_users SET disabled = 1 WHERE email = ?", disabled.email);
    const answers = await Promise.all(
      [{ ...ada, password: "wrong" }, { ...ada, email: "nobody@example.com" }, disabled].map((credentials) =>
        server.visitor().call("POST", "/api/login", { ...credentials }),
      ),
    );
    const [first, ...others] = answers.map(({ status, headers, text }) => ({
      status,
      text: text.replace(/"requestId":"[^"]+"/, ""),
      headers: [...headers].filter(
        ([name]) => !["date", "x-request-id", "content-security-policy"].includes(name),
      ),
    }));
    assert.equal(first?.status, 401);
    for (const other of others) assert.deepEqual(other, first);
    assert.equal(problemOf(answers[0]!), "invalid-credentials");
    assert.ok(answers[0]!.headers.get("www-authenticate"));
  });

  test("GET /api/session tells who is signed in, and not with what", async () => {
    const visitor = await server.signedIn();
    const answer = await visitor.send("GET", "/api/session");
    const { session, user } = answer.json();
    const [id, family, secret] = server.ticketOf(visitor);
    assert.equal(session.id, id);
    assert.equal(session.current, true);
    assert.equal(session.device, "Firefox on Windows");
    assert.deepEqual(session.amr, ["pwd"]);
    assert.equal(user.email, ada.email);
    assert.ok(!answer.text.includes(family!) && !answer.text.includes(secret!));
    assert.doesNotMatch(answer.text, /hash|argon2/i);
  });

  // Proves ASVS 7.5.2, WSTG-SESS-11.
  test("GET /api/sessions lists the user's sessions, this one first", async () => {
    const visitor = server.visitor();
    await visitor.signIn(eve);
    await server.visitor().signIn(eve);
    const { sessions } = (await visitor.send("GET", "/api/sessions")).json();
    assert.equal(sessions.length, 2);
    assert.deepEqual(
      sessions.map(({ current }: { current: boolean }) => current),
      [true, false],
    );
    await visitor.call("DELETE", "/api/sessions");
  });

  test("DELETE /api/sessions/{id} ends one, and the ended one is told why", async () => {
    const visitor = await server.signedIn();
    const other = await server.signedIn();
    const id = await other.sessionId();
    assert.deepEqual((await visitor.call("DELETE", `/api/sessions/${id}`)).json(), { ended: 1 });
    const refused = await other.send("GET", "/api/session");
    assert.equal(refused.json().reason, "revoked");
    assert.equal(problemOf(await visitor.call("DELETE", `/api/sessions/${id}`)), "not-found");
  });

  test("DELETE /api/sessions/{id} of this one signs out", async () => {
    const visitor = await server.signedIn();
    const answer = await visitor.call("DELETE", `/api/sessions/${await visitor.sessionId()}`);
    assert.equal(answer.status, 200);
    assert.equal(visitor.cookie, undefined);
    assert.equal(answer.headers.get("clear-site-data"), '"storage"');
  });

  // Proves ASVS 8.2.2.
  test("another user's session is as good as none: 404, and it lives (IDOR, ASVS 8.2.2)", async () => {
    const visitor = await server.signedIn();
    const stranger = server.visitor();
    await stranger.signIn(eve);
    const answer = await stranger.call("DELETE", `/api/sessions/${await visitor.sessionId()}`);
    assert.equal(problemOf(answer), "not-found");
    assert.equal(await visitor.isSignedIn(), true);
  });

  // Proves ASVS 7.4.3, ASVS 7.5.2.
  test("DELETE /api/sessions/others ends all but this one", async () => {
    const visitor = await server.signedIn();
    const other = await server.signedIn();
    assert.ok((await visitor.call("DELETE", "/api/sessions/others")).json().ended >= 1);
    assert.equal(await other.isSignedIn(), false);
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("DELETE /api/sessions ends all, this one too", async () => {
    const visitor = await server.signedIn();
    const other = await server.signedIn();
    const answer = await visitor.call("DELETE", "/api/sessions");
    assert.ok(answer.json().ended >= 2);
    assert.equal(visitor.cookie, undefined);
    assert.equal(await other.isSignedIn(), false);
  });

  // Proves ASVS 7.4.1, WSTG-SESS-06, W3C Clear-Site-Data.
  test("POST /api/logout is final, and clears the cookie", async () => {
    const visitor = await server.signedIn();
    const copy = visitor.copy();
    const answer = await visitor.call("POST", "/api/logout");
    assert.deepEqual(answer.json(), { message: "Logout successful" });
    assert.equal(visitor.cookie, undefined);
    assert.match(answer.headers.getSetCookie()[0]!, /^__Host-session=;.*Max-Age=0/);
    const refused = await copy.send("GET", "/api/session");
    assert.equal(refused.json().reason, "logout");
  });

  // Proves ASVS 7.2.4, CVE-2023-6787.
  test("POST /api/reauthenticate makes the sign-in recent again, under a new secret", async () => {
    const visitor = await server.signedIn();
    const before = visitor.cookie;
    const id = await visitor.sessionId();
    const signedInAt = (await visitor.send("GET", "/api/session")).json().session.authenticatedAt;
    server.clock.now += 60_000;
    const wrong = await visitor.call("POST", "/api/reauthenticate", { password: "wrong" });
    assert.equal(problemOf(wrong), "wrong-password");
    assert.equal(visitor.cookie, before);
    const answer = await visitor.call("POST", "/api/reauthenticate", { password: ada.password });
    assert.ok(answer.json().session.authenticatedAt > signedInAt);
    assert.notEqual(visitor.cookie, before);
    assert.equal(await visitor.sessionId(), id);
  });

  // Proves ASVS 7.4.3, ASVS 6.2.2.
  test("POST /api/password changes it, ends the other sessions and keeps this one", async () => {
    const visitor = server.visitor();
    await visitor.signIn(eve);
    const other = server.visitor();
    await other.signIn(eve);
    const changed = "window upstairs kettle tea";
    const change = (currentPassword: string, newPassword: string) =>
      visitor.call("POST", "/api/password", { currentPassword, newPassword });

    assert.equal(problemOf(await change("wrong", changed)), "wrong-password");
    const weak = await change(eve.password, "short");
    assert.equal(problemOf(weak), "invalid-input");
    assert.equal(weak.json().errors[0].field, "newPassword");
    assert.equal(await other.isSignedIn(), true);

    const { endedSessions } = (await change(eve.password, changed)).json();
    assert.ok(endedSessions >= 1);
    assert.equal(await visitor.isSignedIn(), true);
    const refused = await other.send("GET", "/api/session");
    assert.equal(refused.json().reason, "credentials-changed");
    assert.equal((await server.visitor().call("POST", "/api/login", { ...eve })).status, 401);
    await change(changed, eve.password);
  });

  // Proves NIST 5.1 requests, WSTG-SESS-05.
  test("every unsafe call of a session demands its CSRF token, and does nothing without", async () => {
    const visitor = await server.signedIn();
    const foreign = await (await server.signedIn()).csrfToken();
    const calls: [string, string, unknown?][] = [
      ["POST", "/api/logout"],
      ["DELETE", "/api/sessions"],
      ["DELETE", "/api/sessions/others"],
      ["DELETE", `/api/sessions/${await visitor.sessionId()}`],
      ["POST", "/api/reauthenticate", { password: ada.password }],
      ["POST", "/api/password", { currentPassword: ada.password, newPassword: eve.password }],
    ];
    for (const [method, path, body] of calls) {
      for (const token of [undefined, "", "x", foreign]) {
        const answer = await visitor.send(method, path, {
          headers: {
            "content-type": "application/json",
            ...(token !== undefined && { "x-csrf-token": token }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        assert.equal(problemOf(answer), "csrf", `${method} ${path} ${token}`);
        assert.equal(answer.json().title, "CSRF validation failed");
        assert.equal(answer.headers.getSetCookie().length, 0);
      }
    }
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("the CSRF token differs each time and survives re-authentication", async () => {
    const visitor = await server.signedIn();
    const [first, second] = [await visitor.csrfToken(), await visitor.csrfToken()];
    assert.notEqual(first, second);
    await visitor.call("POST", "/api/reauthenticate", { password: ada.password });
    const answer = await visitor.send("POST", "/api/logout", { headers: { "x-csrf-token": first } });
    assert.equal(answer.status, 200);
  });

  // Proves ASVS 3.5.1, WSTG-SESS-05.
  test("calls from another site are refused, sign-in too, whatever their content type says", async () => {
    for (const type of ["application/json", "text/plain", "APPLICATION/JSON; x=1", "multipart/form-data"]) {
      const answer = await server.visitor().send("POST", "/api/login", {
        headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site", "content-type": type },
        body: JSON.stringify(ada),
      });
      assert.equal(problemOf(answer), "csrf");
    }
  });

  // Proves ASVS 3.5.2.
  test("only JSON is taken for JSON (CVE-2021-32677)", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      const answer = await server.visitor().send("POST", "/api/login", {
        headers: { "content-type": type },
        body: JSON.stringify(ada),
      });
      assert.equal(problemOf(answer), "unsupported-media-type", type);
    }
  });

  test("what does not fit is refused with the names of the fields, never with their values", async () => {
    const bodies: [unknown, string][] = [
      [{ email: ada.email }, "password"],
      [{ password: "hunter2hunter2" }, "email"],
      [{ ...ada, email: 7 }, "email"],
      [{ ...ada, email: ["ada@example.com"] }, "email"],
      [{ ...ada, role: "admin" }, "role"],
      [[], ""],
      [null, ""],
      ["hunter2hunter2", ""],
    ];
    for (const [body, field] of bodies) {
      const answer = await server.visitor().call("POST", "/api/login", body);
      assert.equal(problemOf(answer), "invalid-input", JSON.stringify(body));
      assert.ok(answer.json().errors.some((error: { field: string }) => error.field === field));
      assert.doesNotMatch(answer.text, /hunter2/);
    }
  });

  test("a body that is no JSON, or too large, is refused", async () => {
    const send = (body: string) =>
      server.visitor().send("POST", "/api/login", { headers: { "content-type": "application/json" }, body });
    assert.equal(problemOf(await send("{")), "malformed-body");
    assert.equal(problemOf(await send("")), "malformed-body");
    assert.equal(
      problemOf(await send(JSON.stringify({ ...ada, password: "x".repeat(20_000) }))),
      "body-too-large",
    );
  });

  // Proves ASVS 7.4.2.
  test("a disabled user's session opens nothing from the next request on", async () => {
    const off = { email: "soon-off@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(off);
    const visitor = server.visitor();
    await visitor.signIn(off);
    server.sql("UPDATE coatcheck_users SET disabled = 1 WHERE email = ?", off.email);
    assert.equal((await visitor.send("GET", "/api/session")).json().reason, "account-changed");
    server.sql("UPDATE coatcheck_users SET disabled = 0 WHERE email = ?", off.email);
    assert.equal(await visitor.isSignedIn(), false);
  });

  test("sessions from before a password change open nothing, even if the server died before it could end them", async () => {
    const user = { email: "crash@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(user);
    const visitor = server.visitor();
    await visitor.signIn(user);
    server.clock.now += 60_000;
    server.sql(
      "UPDATE coatcheck_users SET credentials_changed_at = ? WHERE email = ?",
      String(server.clock.now),
      user.email,
    );
    assert.equal((await visitor.send("GET", "/api/session")).json().reason, "credentials-changed");
  });
});
