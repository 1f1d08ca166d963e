/** Issue 4.6 (ASVS 7.5.1, 7.5.2): who signed in long ago types the password again before ending other sessions. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const tenMinutes = 10 * 60_000;

describe("an old sign-in", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  async function twoDevices(): Promise<[here: Visitor, elsewhere: Visitor]> {
    const devices: [Visitor, Visitor] = [await server.signedIn(), await server.signedIn()];
    server.clock.now += tenMinutes;
    return devices;
  }

  // Proves ASVS 7.5.2.
  test("ends no other session by the API until the password was typed again", async () => {
    const [here, elsewhere] = await twoDevices();
    const paths = [`/api/sessions/${await elsewhere.sessionId()}`, "/api/sessions/others", "/api/sessions"];
    for (const path of paths) {
      const answer = await here.call("DELETE", path);
      assert.equal(answer.status, 403, path);
      assert.equal(answer.json().type, "urn:coatcheck:problem:reauth-required");
    }
    assert.equal(await elsewhere.isSignedIn(), true);
    await here.call("POST", "/api/reauthenticate", { password: ada.password });
    assert.deepEqual((await here.call("DELETE", paths[0]!)).json(), { ended: 1 });
    assert.equal(await elsewhere.isSignedIn(), false);
  });

  test("may always be signed out", async () => {
    const [here, elsewhere] = await twoDevices();
    assert.equal((await here.call("DELETE", `/api/sessions/${await here.sessionId()}`)).status, 200);
    assert.equal((await elsewhere.submit("/logout", {}, "/devices")).status, 303);
    for (const visitor of [here, elsewhere]) assert.equal(visitor.cookie, undefined);
  });

  test("is asked for the password by a page that then does what was asked", async () => {
    const [here, elsewhere] = await twoDevices();
    const deed = { session: await elsewhere.sessionId() };
    const asked = await here.submit("/devices/end", deed, "/devices");
    assert.equal(asked.status, 403);
    assert.match(asked.text, /<title>Confirm your password/);
    assert.match(asked.text, /action="\/devices\/end"/);
    assert.ok(asked.text.includes(`<input type="hidden" name="session" value="${deed.session}">`));
    assert.match(asked.text, /name="current_password" type="password" autocomplete="current-password"/);
    assert.equal(await elsewhere.isSignedIn(), true);

    const wrong = await here.submit("/devices/end", { ...deed, current_password: "wrong" }, "/devices");
    assert.equal(wrong.status, 403);
    assert.match(wrong.text, /This is not your password\./);
    assert.match(wrong.text, /role="alert"/);
    assert.equal(await elsewhere.isSignedIn(), true);

    const before = here.cookie;
    const done = await here.submit("/devices/end", { ...deed, current_password: ada.password }, "/devices");
    assert.equal(done.location, "/devices?done=device-ended");
    assert.notEqual(here.cookie, before, "The secret was replaced");
    assert.equal(await elsewhere.isSignedIn(), false);

    const other = await server.signedIn();
    assert.equal((await here.submit("/devices/end-others", {}, "/devices")).status, 303, "Now it is recent");
    assert.equal(await other.isSignedIn(), false);
  });

  test("is asked before all devices are signed out, and a CSRF token is no password", async () => {
    const [here, elsewhere] = await twoDevices();
    for (const path of ["/devices/end-others", "/devices/end-all"]) {
      assert.equal((await here.submit(path, {}, "/devices")).status, 403);
      const empty = await here.submit(path, { current_password: "" }, "/devices");
      assert.match(empty.text, /This is not your password\./);
      const forged = await here.submit(path, { current_password: ada.password });
      assert.match(forged.text, /This form could not be accepted/);
    }
    assert.equal(await elsewhere.isSignedIn(), true);
    await here.submit("/devices/end-all", { current_password: ada.password }, "/devices");
    assert.equal(here.cookie, undefined);
    assert.equal(await elsewhere.isSignedIn(), false);
  });

  test("gives back what was sent as text, never as markup", async () => {
    const [here] = await twoDevices();
    const asked = await here.submit("/devices/end", { session: `"><b>`, "<i>": "x" }, "/devices");
    assert.ok(!asked.text.includes("<b>") && !asked.text.includes("<i>"));
    assert.match(asked.text, /value="&quot;&gt;&lt;b&gt;"/);
  });

  // Proves ASVS 7.5.1, ASVS 6.2.3.
  test("changes the password with the current one as the proof, and is recent then", async () => {
    const [here, elsewhere] = await twoDevices();
    const next = "violin hedgehog lemon snail";
    const changed = await here.submit("/account/password", { current: ada.password, new: next }, "/account");
    assert.equal(changed.location, "/account?done=password-changed");
    assert.equal(await elsewhere.isSignedIn(), false);
    assert.equal((await here.call("GET", "/api/admin/users")).status, 200);
    await here.call("POST", "/api/password", { currentPassword: next, newPassword: ada.password });
  });
});

describe("a cookie in another browser", () => {
  test("is reported in the log as a warning, once, and an update of the browser is not", async () => {
    await using server = await startTestServer();
    const here = await server.signedIn();
    const warnings = () => server.logs.split("\n").filter((line) => line.includes('"session-fingerprint"'));
    for (const agent of [here.userAgent.replaceAll("140", "141"), "curl/8.5.0", "curl/8.6.0"]) {
      const other = server.visitor(agent);
      other.cookie = here.cookie;
      assert.equal(await other.isSignedIn(), true);
    }
    const [warning, ...more] = warnings().map((line) => JSON.parse(line));
    assert.deepEqual(more, []);
    assert.deepEqual(
      [warning.level, warning.reaction, warning.client.userAgent],
      [40, "report", "curl/8.5.0"],
    );
  });
});

describe("a cookie in another browser, under COATCHECK_FINGERPRINT=revoke", () => {
  test("ends the session, in the owner's browser too, and both are told why; an update of the browser does not", async () => {
    await using server = await startTestServer({ env: { ...withAda, COATCHECK_FINGERPRINT: "revoke" } });
    const here = await server.signedIn();
    const updated = server.visitor(here.userAgent.replaceAll("140", "141"));
    updated.cookie = here.cookie;
    assert.equal(await updated.isSignedIn(), true);
    const thief = server.visitor("curl/8.5.0");
    thief.cookie = here.cookie;
    assert.equal(await thief.isSignedIn(), false);
    const { status, text } = await here.send("GET", "/api/session");
    assert.equal(status, 401);
    assert.equal(JSON.parse(text).reason, "fingerprint");
  });
});

describe("a hundred devices", () => {
  // Proves ASVS 7.1.2, WSTG-SESS-11.
  test("are as many as a user may have: the oldest makes way, and its sign-in page says why", async () => {
    await using server = await startTestServer();
    const oldest = await server.signedIn();
    const { sessions } = server.running;
    const { user } = (await oldest.send("GET", "/api/session")).json();
    for (let device = 2; device <= 100; device++) {
      server.clock.now += 1;
      await sessions.create(user.id);
    }
    assert.equal(await oldest.isSignedIn(), true);
    server.clock.now += 1;
    const newest = await server.signedIn();
    assert.equal((await sessions.list(user.id)).length, 100);
    const page = await oldest.get("/login");
    assert.match(
      page.text,
      /signed out because you signed in on another device and reached the limit of devices/,
    );
    server.clock.now += 24 * 60 * 60_000;
    assert.doesNotMatch((await oldest.get("/login")).text, /the limit of devices/);
    assert.equal(await newest.isSignedIn(), false);
  });
});
