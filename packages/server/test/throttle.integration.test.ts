/** Guessing passwords: how many are looked at, what is told, and who is not locked out. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { PasswordHasher } from "../src/accounts/password-hasher.ts";
import { rawRequest } from "./support/raw-request.ts";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

const wrong = { email: ada.email, password: "not the right password" };
const bob = { email: "bob@example.com", password: "violin hedgehog lemon snail" };

function login(visitor: Visitor, credentials: object = wrong): Promise<Answer> {
  return visitor.call("POST", "/api/login", credentials);
}

async function failFiveTimes(server: TestServer): Promise<void> {
  for (let n = 0; n < 5; n++) assert.equal((await login(server.visitor())).status, 401);
}

function assertThrottled(answer: Answer, retryAfter: number): void {
  assert.equal(answer.status, 429, answer.text);
  assert.equal(answer.headers.get("retry-after"), String(retryAfter));
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const { requestId: _, ...problem } = answer.json();
  assert.deepEqual(problem, {
    type: "urn:coatcheck:problem:too-many-attempts",
    title: "Too many attempts",
    status: 429,
    detail: "Too many attempts failed. Wait, then try again.",
    retryAfter,
  });
}

describe("wrong passwords", () => {
  // Proves ASVS 6.3.1.
  test("have to wait after the fifth, the right one too, and twice as long each time", async () => {
    await using server = await startTestServer();
    await failFiveTimes(server);
    assertThrottled(await login(server.visitor(), ada), 1);
    server.clock.now += 1_000;
    assert.equal((await login(server.visitor())).status, 401);
    assertThrottled(await login(server.visitor(), ada), 2);
    server.clock.now += 2_000;
    assert.equal((await login(server.visitor(), ada)).status, 200);
    await failFiveTimes(server);
  });

  test("two hundred at once: five are looked at (CVE-2019-5421)", async (t: TestContext) => {
    await using server = await startTestServer();
    const verify = t.mock.method(PasswordHasher.prototype, "verify");
    const answers = await Promise.all(Array.from({ length: 200 }, () => login(server.visitor())));
    const looked = answers.filter(({ status }) => status === 401).length;
    assert.deepEqual([looked, answers.length - looked], [5, answers.filter(isThrottled).length]);
    assert.equal(verify.mock.callCount(), 5);
  });

  test("by the page keep what was typed and say when to try again", async () => {
    await using server = await startTestServer();
    await failFiveTimes(server);
    const answer = await server.visitor().submit("/login", { ...wrong, next: "/account" });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.match(answer.text, /Too many attempts failed\. Try again <span[^>]*>in 1 second<\/span>\./);
    assert.match(answer.text, /value="ada@example\.com"/);
    assert.match(answer.text, /name="next" value="\/account"/);
    assert.doesNotMatch(answer.text, /not the right password/);
  });

  test("are counted by address whatever accounts they are for, but not against a device that is known", async () => {
    await using server = await startTestServer();
    const first = await login(server.visitor(), ada);
    for (let n = 0; n < 50; n++) {
      await login(server.visitor(), { ...wrong, email: `user${n}@example.com` });
      server.clock.now += 1;
    }
    assert.equal((await login(server.visitor(), ada)).status, 429);
    const owner = { ...jsonOf(ada), headers: { ...jsonOf(ada).headers, cookie: deviceOf(first) } };
    assert.equal((await server.visitor().send("POST", "/api/login", owner)).status, 200);
  });

  // Proves ASVS 6.3.1, WSTG-ATHN-03.
  test("do not lock the owner out of a device on which they signed in before", async () => {
    await using server = await startTestServer();
    const first = await login(server.visitor(), ada);
    await failFiveTimes(server);
    assertThrottled(await login(server.visitor(), ada), 1);
    const owner = { ...jsonOf(ada), headers: { ...jsonOf(ada).headers, cookie: deviceOf(first) } };
    assert.equal((await server.visitor().send("POST", "/api/login", owner)).status, 200);
  });

  test("count where the password is asked for again, and where it is changed", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    const change = { currentPassword: "not the right password", newPassword: "window upstairs kettle tea" };
    for (const [path, body] of [
      ["/api/reauthenticate", { password: "wrong" }],
      ["/api/password", change],
      ["/api/reauthenticate", { password: "wrong" }],
      ["/api/password", change],
      ["/api/reauthenticate", { password: "wrong" }],
    ] as const) {
      assert.equal((await visitor.call("POST", path, body)).status, 403);
    }
    assertThrottled(await visitor.call("POST", "/api/reauthenticate", { password: ada.password }), 1);
    assertThrottled(await visitor.call("POST", "/api/password", change), 1);
    assert.equal(await visitor.isSignedIn(), true);
    const passwords = { current: ada.password, new: change.newPassword };
    const page = await visitor.submit("/account/password", passwords, "/account");
    assert.equal(page.status, 429);
    assert.match(page.text, /Try again <span[^>]*>in 1 second</);
    server.clock.now += 1_000;
    assert.equal((await visitor.call("POST", "/api/reauthenticate", { password: ada.password })).status, 200);
  });

  test("are no more counted after a restart than before: the counters are in the database", async () => {
    await using server = await startTestServer();
    await failFiveTimes(server);
    const [{ failures }] = server.sql(
      "SELECT failures FROM coatcheck_attempts WHERE key LIKE 'account:%'",
    ) as [{ failures: number }];
    assert.equal(failures, 5);
    const keys = server.sql("SELECT key FROM coatcheck_attempts").map(({ key }) => String(key));
    assert.ok(!keys.some((key) => key.includes("ada") || key.includes("127.0.0.1")), "Digests only");
  });
});

describe("set-up codes", () => {
  test("that are wrong are counted by address, and keep what was typed", async () => {
    await using server = await startTestServer({ env: {} });
    const typed = (n: number) => ({ ...bob, email: `user${n}@example.com`, code: "guess" });
    for (let n = 0; n < 50; n++) {
      assert.equal((await server.visitor().submit("/setup", typed(n))).status, 422);
    }
    const answer = await server.visitor().submit("/setup", typed(50));
    assert.equal(answer.status, 429);
    assert.match(answer.text, /value="user50@example\.com"/);
    assert.match(answer.text, /Try again <span[^>]*>in 1 second</);
  });
});

describe("an unknown address, a wrong password and a disabled account", () => {
  test("are the same bytes, throttled or not (ASVS 6.3.8)", async () => {
    await using server = await startTestServer();
    await server.addUser(bob);
    server.sql("UPDATE coatcheck_users SET disabled = 1 WHERE email = ?", bob.email);
    const unknown = { email: "eve@example.com", password: "not the right password" };
    const disabled = { ...bob, email: "bob@example.com" };
    for (let n = 0; n < 7; n++) {
      const [first, ...others] = await Promise.all(
        [wrong, unknown, disabled].map((body) => bytesOf(server, body)),
      );
      assert.match(first!, n < 5 ? /^HTTP\/1\.1 401 / : /^HTTP\/1\.1 429 /);
      for (const other of others) assert.equal(other, first);
    }
  });
});

describe("garbage in place of sessions", () => {
  // Proves ASVS 2.4.1.
  test("gets 429 after a hundred, from guards and pages, while signing in still works", async () => {
    await using server = await startTestServer();
    const visitor = server.visitor();
    visitor.cookie = "garbage";
    for (let n = 0; n < 100; n++) assert.equal((await visitor.send("GET", "/api/session")).status, 401);
    assert.equal((await visitor.send("GET", "/api/session")).status, 429);
    const page = await visitor.get("/devices");
    assert.equal(page.status, 429);
    assert.match(page.text, /You are not signed out/);
    assert.equal((await visitor.get("/login")).status, 200);
    assert.equal((await login(visitor, ada)).status, 200);
    assert.equal(await visitor.isSignedIn(), true);
  });
});

function isThrottled({ status }: Answer): boolean {
  return status === 429;
}

function jsonOf(credentials: object) {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(credentials) };
}

function deviceOf(answer: Answer): string {
  const cookie = answer.headers.getSetCookie().find((each) => each.startsWith("__Host-device="));
  return cookie!.split(";")[0]!;
}

/** Everything that came over the wire, but for what differs in every answer. */
async function bytesOf({ origin }: TestServer, credentials: object): Promise<string> {
  const body = JSON.stringify(credentials);
  const lines = [
    "POST /api/login HTTP/1.1",
    `Host: ${new URL(origin).host}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const answer = await rawRequest(origin, lines, body);
  return answer
    .replace(/^date: .*$/im, "date: -")
    .replace(/^x-request-id: .*$/im, "x-request-id: -")
    .replace(/"requestId":"[^"]{12}"/, '"requestId":"-"')
    .replaceAll(/'nonce-[^']{22}[^']*'/g, "'nonce-'");
}
