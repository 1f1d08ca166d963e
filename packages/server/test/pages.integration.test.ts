import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import { csrfTokenOf } from "./support/visitor.ts";

const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

describe("the pages", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  describe("signing in", () => {
    test("leads to where one wanted to go", async () => {
      const visitor = server.visitor();
      const refused = await visitor.get("/account");
      assert.equal(refused.status, 303);
      assert.equal(refused.location, "/login?next=%2Faccount");
      const form = await visitor.get(refused.location!);
      assert.match(form.text, /name="next" value="\/account"/);
      const answer = await visitor.submit("/login", { ...ada, next: "/account" });
      assert.equal(answer.status, 303);
      assert.equal(answer.location, "/account");
      assert.match((await visitor.get("/account")).text, /ada@example\.com/);
    });

    test("is never led away from by the languages of a page that is not there (ASVS 3.7.2)", async () => {
      const visitor = server.visitor();
      for (const path of ["//evil.example/x", "///evil.example/x", "/\\evil.example/x"]) {
        const { status, text } = await visitor.get(path);
        assert.equal(status, 404);
        const links = [...text.matchAll(/href="([^"]*)" lang="/g)].map(([, link]) => link!);
        assert.equal(links.length, 1);
        for (const link of links) assert.match(link, /^\/(?![/\\])/);
      }
    });

    test("leads to no path that is not a page", async () => {
      for (const next of ["/logout", "/logout?a=b", "/account/mail", "/account/password", "/nowhere"]) {
        const answer = await server.visitor().submit("/login", { ...ada, next });
        assert.equal(answer.location, "/devices", next);
      }
    });

    // Proves ASVS 3.3.1, ASVS 3.3.3, ASVS 3.3.4, WSTG-SESS-02.
    test("sets a cookie that only this host gets and no script reads", async () => {
      const answer = await server.visitor().submit("/login", { ...ada });
      const [cookie, device, ...more] = answer.headers.getSetCookie();
      assert.match(device!, /^__Host-device=.*; HttpOnly; Max-Age=\d+; SameSite=Lax; Path=\/; Secure$/);
      assert.equal(more.length, 0);
      const [value, ...attributes] = cookie!.split("; ");
      assert.match(value!, /^__Host-session=\d{8}-[\w-]{4}\.[\w-]{171}$/, "It is sealed");
      assert.deepEqual(attributes.toSorted(), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    });

    test("that fails keeps the address, not the password, and says no more than that it failed", async () => {
      const visitor = server.visitor();
      const typed = { email: `"><b>eve`, password: "not the right password" };
      const answer = await visitor.submit("/login", typed);
      assert.equal(answer.status, 401);
      assert.ok(answer.headers.get("www-authenticate"));
      assert.match(answer.text, /value="&quot;&gt;&lt;b&gt;eve"/);
      assert.doesNotMatch(answer.text, /not the right password/);
      assert.match(answer.text, /The e-mail address or the password is wrong\./);
      assert.match(answer.text, /role="alert"/);
      assert.equal(visitor.cookie, undefined);
    });

    test("names the fields that were left empty", async () => {
      const answer = await server.visitor().submit("/login", {});
      assert.equal(answer.status, 422);
      assert.match(answer.text, /Enter your e-mail address\./);
      assert.match(answer.text, /aria-describedby="password-error"/);
    });

    // Proves ASVS 3.7.2.
    test("never leads to another site", async () => {
      const answer = await server.visitor().submit("/login", { ...ada, next: "//evil.example" });
      assert.equal(answer.location, "/devices");
    });

    // Proves ASVS 7.2.4, WSTG-SESS-03.
    test("again gives a new session and ends the one before", async () => {
      const visitor = await server.signedIn();
      const copy = visitor.copy();
      await visitor.submit("/login", { ...ada });
      assert.notEqual(visitor.cookie, copy.cookie);
      assert.equal(await copy.isSignedIn(), false);
      assert.equal(await visitor.isSignedIn(), true);
    });

    test("is not offered to who is signed in", async () => {
      const visitor = await server.signedIn();
      assert.equal((await visitor.get("/login")).location, "/devices");
      assert.equal((await visitor.get("/")).location, "/devices");
      assert.equal((await server.visitor().get("/")).location, "/login");
    });
  });

  describe("signing out", () => {
    // Proves ASVS 7.4.1, WSTG-SESS-06, W3C Clear-Site-Data.
    test("is final, for a copy of the cookie too", async () => {
      const visitor = await server.signedIn();
      const copy = visitor.copy();
      const answer = await visitor.submit("/logout", {}, "/devices");
      assert.equal(answer.location, "/login?done=signed-out");
      assert.equal(answer.headers.get("clear-site-data"), '"storage"');
      assert.equal(visitor.cookie, undefined);
      assert.equal((await copy.get("/devices")).location, "/login?next=%2Fdevices");
      assert.match((await visitor.get(answer.location!)).text, /You are signed out\./);
    });

    // Proves ASVS 3.5.3.
    test("is a form, not a link", async () => {
      const visitor = await server.signedIn();
      const answer = await visitor.get("/logout");
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get("allow"), "POST");
      assert.equal(await visitor.isSignedIn(), true);
    });

    // Proves ASVS 7.4.4, NIST 5.1 erasure.
    test("is offered on every page of who is signed in", async () => {
      const visitor = await server.signedIn();
      for (const path of ["/devices", "/account"]) {
        const { text } = await visitor.get(path);
        assert.match(text, /<form[^>]*method="post"[^>]*action="\/logout"/, path);
      }
    });

    test("without the CSRF token of the session does nothing", async () => {
      const visitor = await server.signedIn();
      const other = await server.signedIn();
      for (const token of ["", "x", csrfTokenOf((await other.get("/devices")).text)]) {
        const answer = await visitor.submit("/logout", { csrf_token: token });
        assert.equal(answer.status, 403);
        assert.equal(answer.headers.getSetCookie().length, 0);
      }
      assert.equal(await visitor.isSignedIn(), true);
    });

    test("in a browser whose session is over clears its cookie", async () => {
      const visitor = await server.signedIn();
      await server.running.sessions.prune();
      server.clock.now += 13 * 3_600_000;
      const answer = await visitor.submit("/logout", {});
      assert.equal(answer.status, 303);
      assert.equal(visitor.cookie, undefined);
    });
  });

  describe("the devices", () => {
    // Proves ASVS 7.5.2, WSTG-SESS-11.
    test("are named, and this one is marked", async () => {
      const visitor = await server.signedIn();
      await server.visitor(phone).signIn(ada);
      const { text } = await visitor.get("/devices");
      assert.match(text, /Firefox on Windows\s*<span class="tag">This device<\/span>/);
      assert.match(text, /Safari on iOS/);
      assert.equal(text.match(/This device/g)?.length, 1);
    });

    test("of programs that do not say what they are have a card too", async () => {
      const visitor = await server.signedIn();
      const nameless = server.visitor("");
      await nameless.signIn(ada);
      const { status, text } = await visitor.get("/devices");
      assert.equal(status, 200);
      assert.match(text, /<h2>Unknown device/);
      await nameless.call("POST", "/api/logout");
    });

    // Proves ASVS 7.5.2.
    test("are ended one by one, and the ended one is told why", async () => {
      const visitor = await server.signedIn();
      await visitor.submit("/devices/end-others", {}, "/devices");
      const other = await server.signedIn();
      const page = (await visitor.get("/devices")).text;
      const session = /href="\/devices\/end\?session=([^"]+)"/.exec(page)![1]!;
      const answer = await visitor.submit("/devices/end", { session }, "/devices");
      assert.equal(answer.location, "/devices?done=device-ended");
      assert.equal((await other.get("/devices")).location, "/login?next=%2Fdevices");
      assert.match((await other.get("/login")).text, /signed out because this device was signed out from/);
      const again = await visitor.submit("/devices/end", { session }, "/devices");
      assert.equal(again.location, "/devices?done=device-gone");
    });

    test("are ended all but this one", async () => {
      const visitor = await server.signedIn();
      const others = [await server.signedIn(), await server.signedIn()];
      const answer = await visitor.submit("/devices/end-others", {}, "/devices");
      assert.equal(answer.location, "/devices?done=others-ended");
      for (const other of others) assert.equal(await other.isSignedIn(), false);
      assert.equal(await visitor.isSignedIn(), true);
    });

    test("are ended all, this one too", async () => {
      const visitor = await server.signedIn();
      const other = await server.signedIn();
      const answer = await visitor.submit("/devices/end-all", {}, "/devices");
      assert.equal(answer.location, "/login?done=signed-out-everywhere");
      assert.equal(visitor.cookie, undefined);
      assert.equal(await other.isSignedIn(), false);
    });

    // Proves ASVS 8.2.2.
    test("of somebody else cannot be ended", async () => {
      const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };
      await server.addUser(eve);
      const [visitor, stranger] = [await server.signedIn(), server.visitor()];
      await stranger.signIn(eve);
      const session = await visitor.sessionId();
      const answer = await stranger.submit("/devices/end", { session }, "/devices");
      assert.equal(answer.location, "/devices?done=device-gone");
      assert.equal(await visitor.isSignedIn(), true);
    });
  });

  describe("the account", () => {
    test("says what is wrong with a password change, and changes nothing then", async () => {
      const visitor = await server.signedIn();
      const wrong = await visitor.submit(
        "/account/password",
        { current: "wrong", new: "lemon hedgehog violin snail" },
        "/account",
      );
      assert.equal(wrong.status, 422);
      assert.match(wrong.text, /This is not your current password\./);
      const weak = await visitor.submit(
        "/account/password",
        { current: ada.password, new: "short" },
        "/account",
      );
      assert.match(weak.text, /at least 15 characters/);
      await server.visitor().signIn(ada);
    });

    // Proves ASVS 7.4.3.
    test("changes the password, ends the other devices and tells them why", async () => {
      const visitor = await server.signedIn();
      const other = await server.signedIn();
      const stolen = visitor.copy();
      const changed = { ...ada, password: "lemon hedgehog violin snail" };
      const passwords = { current: ada.password, new: changed.password };
      const answer = await visitor.submit("/account/password", passwords, "/account");
      assert.equal(answer.location, "/account?done=password-changed");
      assert.notEqual(visitor.cookie, stolen.cookie);
      assert.equal(await visitor.isSignedIn(), true);
      assert.match((await other.get("/login")).text, /signed out because your password was changed/);
      assert.equal((await server.visitor().submit("/login", { ...ada })).status, 401);
      await server.visitor().signIn(changed);
      await visitor.call("POST", "/api/password", {
        currentPassword: changed.password,
        newPassword: ada.password,
      });
    });
  });

  describe("an ended session", () => {
    // Proves ASVS 7.3.1.
    test("that was idle for too long is told so", async () => {
      const visitor = await server.signedIn();
      server.clock.now += 30 * 60_000;
      assert.match((await visitor.get("/login")).text, /signed out because you were away for too long/);
    });

    test("tells nothing to a guess", async () => {
      const visitor = await server.signedIn();
      const [id] = server.ticketOf(visitor);
      await visitor.submit("/logout", {}, "/devices");
      const guess = `${id}.${"A".repeat(22)}.${"A".repeat(43)}`;
      const later = server.clock.now + 60_000;
      visitor.cookie = server.keys.seal("session", "__Host-session", guess, later);
      assert.doesNotMatch((await visitor.get("/login")).text, /signed out because/);
    });
  });

  // Proves ASVS 15.3.7.
  test("a form with a field twice is refused", async () => {
    const answer = await server.visitor().send("POST", "/login", {
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
      body: "email=a&email=b&password=c",
    });
    assert.equal(answer.status, 400);
  });

  test("a notice in the query can only be one of ours", async () => {
    for (const done of ["%3Cb%3Ewin%20a%20prize", "__proto__", "toString"]) {
      const { text } = await server.visitor().get(`/login?done=${done}`);
      assert.doesNotMatch(text, /prize|role="status"/);
    }
  });

  // Proves RFC 9457.
  test("what is not there says so, to people and to programs", async () => {
    const page = await server.visitor().get("/nowhere");
    assert.equal(page.status, 404);
    assert.match(page.text, /<h1>Page not found<\/h1>/);
    const problem = await server.visitor().send("GET", "/api/nowhere");
    assert.equal(problem.status, 404);
    assert.equal(problem.headers.get("content-type"), "application/problem+json");
  });

  test("the API is described for people and for programs", async () => {
    const page = await server.visitor().get("/docs");
    assert.equal(page.status, 200);
    const document = (await server.visitor().send("GET", "/openapi.json")).json();
    assert.match(document.openapi, /^3\.1\./);
    const paths = Object.keys(document.paths);
    assert.equal(paths.length, 23);
    for (const path of paths) assert.ok(page.text.includes(path), path);
    const withBody = paths.map((path) => document.paths[path].post).filter((post) => post?.requestBody);
    assert.equal(withBody.length, 6);
    for (const { responses, operationId } of withBody) assert.ok(responses[413], operationId);
    const { Account, OwnAccount } = document.components.schemas;
    assert.ok(Account.properties.disabled && OwnAccount.properties.language, "Each shape has its own name");
  });
});

describe("setting up", () => {
  test("by the link creates the administrator, once, and signs them in", async () => {
    await using server = await startTestServer({ env: {} });
    const visitor = server.visitor();
    assert.equal((await visitor.get("/login")).location, "/setup");
    assert.match((await visitor.get("/setup")).text, /Create administrator/);
    const code = server.running.setupLink!.split("#")[1]!;

    const guess = await visitor.submit("/setup", { ...ada, code: "guess" });
    assert.equal(guess.status, 422);
    assert.match(guess.text, /wrong, used or expired/);
    const blank = await visitor.submit("/setup", { ...ada, code: "" });
    assert.match(blank.text, /Enter the set-up code/);
    assert.doesNotMatch(blank.text, /wrong, used or expired/);
    const weak = await visitor.submit("/setup", { email: "ada", password: "short", code });
    assert.match(weak.text, /not an e-mail address/);
    assert.match(weak.text, /at least 15 characters/);
    assert.equal(visitor.cookie, undefined);

    const answer = await visitor.submit("/setup", { ...ada, code });
    assert.equal(answer.location, "/welcome");
    const { user } = (await visitor.send("GET", "/api/session")).json();
    assert.deepEqual(user.roles, ["admin", "user"]);

    const eve = { email: "eve@example.com", password: ada.password, code };
    assert.equal((await server.visitor().submit("/setup", eve)).location, "/login?done=already-set-up");
    assert.equal((await visitor.get("/setup")).location, "/login?done=already-set-up");
  });

  test("from the environment leaves no link", async () => {
    await using server = await startTestServer();
    assert.equal(server.running.setupLink, undefined);
    await server.signedIn();
  });
});
