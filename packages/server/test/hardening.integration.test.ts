import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { rawRequest } from "./support/raw-request.ts";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Answer } from "./support/visitor.ts";

const always = [
  "content-security-policy",
  "x-content-type-options",
  "referrer-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "x-request-id",
];

describe("every response", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  // Proves ASVS 3.4.4, ASVS 3.4.5, ASVS 3.4.8, ASVS 3.5.8, ASVS 13.4.6.
  test("carries the security headers, whatever it says, and varies by the cookie (CVE-2026-27205)", async () => {
    const visitor = await server.signedIn();
    const answers: Record<string, Answer> = {
      root: await visitor.get("/"),
      devices: await visitor.get("/devices"),
      account: await visitor.get("/account"),
      setup: await visitor.get("/setup"),
      login: await server.visitor().get("/login"),
      "wrong login": await server.visitor().submit("/login", { email: "x", password: "y" }),
      docs: await visitor.get("/docs"),
      openapi: await visitor.get("/openapi.json"),
      session: await visitor.send("GET", "/api/session"),
      "not signed in": await server.visitor().send("GET", "/api/session"),
      "page not found": await visitor.get("/nowhere"),
      "call not found": await visitor.send("GET", "/api/nowhere"),
      "method not allowed": await visitor.send("PUT", "/api/session"),
      options: await visitor.send("OPTIONS", "/api/session"),
      "cross-site": await visitor.send("POST", "/logout", { headers: { "sec-fetch-site": "cross-site" } }),
      health: await visitor.send("GET", "/healthz"),
      readiness: await visitor.send("GET", "/readyz"),
      logout: await visitor.call("POST", "/api/logout"),
    };
    for (const [name, { headers, status }] of Object.entries(answers)) {
      for (const header of always) assert.ok(headers.get(header), `${name} (${status}) lacks ${header}`);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-store", name);
      assert.match(headers.get("vary") ?? "", /Cookie/, name);
      assert.equal(headers.get("x-powered-by"), null);
      assert.equal(headers.get("server"), null);
      assert.equal(headers.get("access-control-allow-origin"), null);
      assert.equal(headers.get("strict-transport-security"), null);
    }
  });

  // Proves ASVS 3.4.3, ASVS 3.4.6.
  test("has a policy that allows nothing but our own files, by a nonce of its own", async () => {
    const [one, two] = [await server.visitor().get("/login"), await server.visitor().get("/login")];
    const policy = one.headers.get("content-security-policy")!;
    assert.match(policy, /^default-src 'none'; script-src 'nonce-[\w-]{22}'; style-src 'nonce-[\w-]{22}'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /base-uri 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|data:/);
    assert.notEqual(policy, two.headers.get("content-security-policy"));
    const nonce = /nonce-([\w-]+)/.exec(policy)![1]!;
    for (const [tag] of one.text.matchAll(/<(?:script|link rel="stylesheet")[^>]*>/g)) {
      assert.ok(tag.includes(`nonce="${nonce}"`), tag);
    }
    assert.doesNotMatch(one.text, /\son\w+=|style=|javascript:/);
  });

  test("of our few files may be kept for ever, because its name changes with it", async () => {
    const { text } = await server.visitor().get("/setup");
    const page = text || (await server.visitor().get("/login")).text;
    const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    assert.ok(paths.length >= 2);
    for (const path of paths) {
      const { status, headers } = await server.visitor().send("GET", path);
      assert.equal(status, 200, path);
      assert.match(headers.get("cache-control")!, /immutable/);
      assert.equal(headers.get("set-cookie"), null);
    }
  });

  // Proves ASVS 3.4.1, WSTG-SESS-09.
  test("over https demands https for the future", async () => {
    const env = {
      COATCHECK_ADMIN_EMAIL: ada.email,
      COATCHECK_ADMIN_PASSWORD: ada.password,
      COATCHECK_ORIGIN: "https://sign-in.example.com",
    };
    await using secure = await startTestServer({ env });
    const response = await fetch(`http://127.0.0.1:${secure.running.port}/login`);
    assert.equal(response.headers.get("strict-transport-security"), "max-age=63072000; includeSubDomains");
  });

  // Proves ASVS 13.4.4.
  test("to TRACE and to a request that is none is a refusal, with the same headers", async () => {
    const { host } = new URL(server.origin);
    const trace = await rawRequest(server.origin, ["TRACE / HTTP/1.1", `Host: ${host}`, "Cookie: secret=1"]);
    assert.match(trace, /^HTTP\/1\.1 405 /);
    assert.match(trace, /Content-Security-Policy/i);
    assert.doesNotMatch(trace, /secret=1/);
    const old = await rawRequest(server.origin, ["GET /healthz HTTP/1.0"]);
    assert.match(old, /^HTTP\/1\.1 200 /, "HTTP/1.0 need not name a host");
    const odd = await rawRequest(server.origin, ["GET / HTTP/1.1", "Host: a b@c"]);
    assert.match(odd, /^HTTP\/1\.1 400 /);
    const smuggled = await rawRequest(server.origin, ["GET //evil.example/%2e%2e HTTP/1.1", `Host: ${host}`]);
    assert.match(smuggled, /^HTTP\/1\.1 404 /);
  });
});

describe("bodies", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  test("that come in pieces are taken, and refused once they are too large", async () => {
    const { host } = new URL(server.origin);
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const send = (text: string) =>
      rawRequest(
        server.origin,
        [
          "POST /api/login HTTP/1.1",
          `Host: ${host}`,
          "Content-Type: application/json",
          "Transfer-Encoding: chunked",
        ],
        chunk(text),
      );
    assert.match(await send(JSON.stringify(ada)), /^HTTP\/1\.1 200 /);
    assert.match(await send(JSON.stringify({ ...ada, password: "x".repeat(20_000) })), /^HTTP\/1\.1 413 /);
  });

  test("are asked for where there may be one: a GET becomes no `Request` of the platform's, which lives long", async (t) => {
    // `@hono/node-server` makes one with each.
    const made = t.mock.method(globalThis, "AbortController");
    const { host } = new URL(server.origin);
    const ask = (line: string) => rawRequest(server.origin, [line, `Host: ${host}`, "Connection: close"]);
    for (const path of ["/login", "/api/session", "/healthz"]) await ask(`GET ${path} HTTP/1.1`);
    assert.equal(made.mock.callCount(), 0);
    await ask("POST /api/login HTTP/1.1");
    assert.ok(made.mock.callCount() > 0);
  });

  for (const framing of ["Content-Length: 99", "Transfer-Encoding: chunked"]) {
    test(`that end too early are the client's fault in the log (${framing})`, async () => {
      await using mine = await startTestServer();
      const { host, hostname, port } = new URL(mine.origin);
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      const head = ["POST /api/login HTTP/1.1", `Host: ${host}`, "Content-Type: application/json", framing];
      socket.end(`${head.join("\r\n")}\r\n\r\n3\r\n{"e`);
      // Not before the server has closed its side, too.
      await once(socket.resume(), "close");
      await mine.running.stop();
      const lines = mine.logs
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        lines.filter(({ level }) => level >= 50),
        [],
      );
      const statuses = lines.filter(({ event }) => event === "request").map(({ status }) => status);
      assert.deepEqual(statuses, [400]);
    });
  }
});

describe("the database", () => {
  // Proves WSTG-ATHN-05.
  test("has no password, nothing that opens a session, and nothing that brings a browser back", async () => {
    await using server = await startTestServer();
    const visitor = server.visitor();
    await visitor.signIn(ada, true);
    const secrets = [ada.password];
    const collect = async () => {
      const remember = server.keys.open("remember", "__Host-remember", visitor.remember!, server.clock.now)!;
      const sealed = [visitor.cookie!, visitor.remember!].map((envelope) => envelope.split(".")[1]!);
      secrets.push(...server.ticketOf(visitor).slice(1), ...remember.split(".").slice(1), ...sealed);
      secrets.push(await visitor.csrfToken());
    };
    await collect();
    server.clock.now += 24 * 60 * 60_000;
    await visitor.get("/devices");
    await collect();
    await visitor.call("POST", "/api/reauthenticate", { password: ada.password });
    await collect();
    const tables = server.sql("SELECT name FROM sqlite_master WHERE type = 'table'");
    const dump = JSON.stringify(tables.map(({ name }) => server.sql(`SELECT * FROM "${name}"`)));
    assert.ok(dump.includes(await visitor.sessionId()), "the sessions are in it");
    assert.ok(secrets.length > 20);
    for (const secret of secrets) assert.ok(secret.length > 20 && !dump.includes(secret));
  });
});

describe("the log", () => {
  // Proves ASVS 16.2.5, ASVS 16.2.4, ASVS 16.2.2.
  test("has a line for each request and each event, and never a secret", async () => {
    await using server = await startTestServer({ env: {} });
    const setupCode = server.running.setupLink!.split("#")[1]!;
    const visitor = server.visitor();
    await visitor.submit("/setup", { ...ada, code: setupCode });
    const secrets = [setupCode, ada.password, "wrong-password-canary", "query-canary", "cookie-canary"];
    const collect = async () => {
      const [, sealed] = visitor.cookie!.split(".");
      secrets.push(sealed!, ...server.ticketOf(visitor).slice(1), await visitor.csrfToken());
    };
    await collect();
    await visitor.get("/devices?session=query-canary");
    await visitor.submit("/login", { email: ada.email, password: "wrong-password-canary" });
    await visitor.call("POST", "/api/reauthenticate", { password: ada.password });
    await collect();
    const changed = "window upstairs kettle tea";
    await visitor.call("POST", "/api/password", { currentPassword: ada.password, newPassword: changed });
    secrets.push(changed);
    await collect();
    const guess = server.visitor();
    guess.cookie = "cookie-canary";
    await guess.get("/devices");
    const sessionId = await visitor.sessionId();
    await visitor.call("POST", "/api/logout");

    const { logs } = server;
    for (const secret of secrets) assert.ok(!logs.includes(secret), `the log has ${secret}`);
    const lines = logs
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const revoked = lines.find(({ event, reason }) => event === "session-revoked" && reason === "logout");
    assert.equal(revoked.sessionId, sessionId);
    const requests = lines.filter(({ event }) => event === "request");
    assert.ok(requests.length >= 8);
    assert.ok(requests.every(({ requestId, path }) => requestId && !path.includes("?")));
  });

  // Proves ASVS 16.4.1.
  test("cannot be written into by who asks", async () => {
    await using server = await startTestServer();
    const visitor = server.visitor('x"},{"event":"forged"}');
    await visitor.submit("/login", { ...ada });
    await visitor.get("/%0A%7B%22event%22:%22forged%22%7D");
    const lines = server.logs.trim().split("\n");
    assert.ok(lines.every((line) => JSON.parse(line).event !== "forged"));
  });
});
