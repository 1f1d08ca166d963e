/** Every path that the server answers, whoever adds it: what holds for all of them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Route } from "../src/routes.ts";
import { rawRequest } from "./support/raw-request.ts";
import { startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

describe("of every route", () => {
  let server: TestServer;
  let ada: Visitor;
  let gets: readonly Route[];
  let unsafe: readonly Route[];

  before(async () => {
    // Nothing listens there: that mail is sent adds pages.
    server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: "smtp://127.0.0.1:9" } });
    ada = await server.signedIn();
    const [{ id } = assert.fail()] = server.sql("SELECT id FROM coatcheck_users");
    const routes = server.running.routes.map(({ method, path }) => ({
      method,
      path: path.replaceAll(/\{\w+\}|:\w+/g, String(id)),
    }));
    gets = routes.filter(({ method, path }) => method === "GET" && !path.endsWith("/events"));
    unsafe = routes.filter(({ method }) => method !== "GET");
    assert.ok(gets.length > 35 && unsafe.length > 35);
  });
  after(() => server[Symbol.asyncDispose]());

  const isAsset = (path: string) => path.startsWith("/assets/");
  const countSessions = () => server.sql("SELECT count(*) AS count FROM coatcheck_sessions")[0]!.count;

  // Proves ASVS 3.2.1, ASVS 3.4.2, ASVS 3.4.3, ASVS 3.4.4, ASVS 3.4.5, ASVS 3.4.6, ASVS 3.4.8, ASVS 3.5.8, ASVS 4.1.1,
  // ASVS 13.4.6.
  test("the answer carries the same headers, whoever asks and whatever it says, and none for other origins", async () => {
    const expected = {
      "access-control-allow-origin": null,
      "content-security-policy":
        "default-src 'none'; script-src 'nonce'; style-src 'nonce'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
      "referrer-policy": "no-referrer",
      server: null,
      "x-content-type-options": "nosniff",
      "x-powered-by": null,
    };
    const headers = { origin: "https://evil.example", accept: "text/html" };
    const wrong = { ...headers, "sec-fetch-site": "same-origin" };
    const asked: [visitor: Visitor, method: string, path: string][] = [
      ...gets.flatMap(({ path }): typeof asked => [
        [ada, "GET", path],
        [server.visitor(), "GET", path],
        [server.visitor(), "HEAD", path],
      ]),
      ...unsafe.map(({ method, path }): (typeof asked)[number] => [server.visitor(), method, path]),
      [ada, "GET", "/nowhere"],
      [ada, "GET", "/api/nowhere"],
      [ada, "PATCH", "/login"],
      [ada, "OPTIONS", "/api/session"],
    ];
    const statuses = new Set<number>();
    for (const [visitor, method, path] of asked) {
      const answer = await visitor.send(method, path, { headers: method === "GET" ? headers : wrong });
      const name = `${method} ${path} ${answer.status}`;
      assert.deepEqual(headersOf(answer, Object.keys(expected)), expected, name);
      if (answer.text !== "") assert.match(answer.headers.get("content-type") ?? "", soundType, name);
      statuses.add(answer.status);
    }
    for (const status of [200, 303, 401, 404, 405]) assert.ok(statuses.has(status), String(status));
    assert.equal(await ada.isSignedIn(), true);
  });

  // Proves ASVS 3.2.1, ASVS 16.5.1.
  test("also where nobody thought of what went wrong", async () => {
    const { devices } = server.running.sessions;
    server.running.sessions.devices = () => Promise.reject(new Error("a secret of the inside"));
    try {
      const answer = await ada.get("/devices");
      assert.equal(answer.status, 500);
      assert.doesNotMatch(answer.text, /of the inside/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.match(answer.headers.get("content-security-policy")!, /^default-src 'none'/);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    } finally {
      server.running.sessions.devices = devices;
    }
  });

  // Proves ASVS 14.2.2, ASVS 14.3.2, WSTG-SESS-04, WSTG-ATHN-06, RFC 9111 §5.2.2.5.
  test("what a signed-in person is answered is kept by no cache, a redirection neither", async () => {
    for (const { path } of gets.filter(({ path }) => !isAsset(path))) {
      const { headers, status } = await ada.get(path);
      assert.equal(headers.get("cache-control"), "no-store", `${path} ${status}`);
      assert.match(headers.get("vary") ?? "", /\bCookie\b/i, `${path} ${status}`);
    }
  });

  // Proves ASVS 7.4.4, NIST 5.1 erasure.
  test("each page that demands a session offers the sign-out", async () => {
    const pages: string[] = [];
    for (const { path } of gets) {
      if ((await server.visitor().get(path)).location?.startsWith("/login") !== true) continue;
      const { status, text, headers } = await ada.get(path);
      if (status !== 200 || !headers.get("content-type")!.startsWith("text/html")) continue;
      assert.match(text, /<form[^>]*method="post"[^>]*action="\/logout"/, path);
      pages.push(path);
    }
    assert.ok(pages.length >= 10, pages.join(" "));
  });

  // Proves ASVS 6.2.6, ASVS 6.2.7.
  test("each field for a password hides it, says to password managers which one it is, and takes what is pasted", async () => {
    const seen = new Set<string>();
    for (const { path } of gets) {
      for (const visitor of [ada, server.visitor()]) {
        const { text, headers } = await visitor.get(path);
        if (isAsset(path)) assert.doesNotMatch(text, /["n]paste/i, path);
        if (!headers.get("content-type")?.startsWith("text/html")) continue;
        for (const [input] of text.matchAll(/<input[^>]*(?:password|current|next)[^>]*>/g)) {
          if (/type="hidden"/.test(input)) continue;
          assert.match(input, /type="password"/, path);
          seen.add(
            /autocomplete="((?:current|new)-password)"/.exec(input)?.[1] ?? assert.fail(`${path}: ${input}`),
          );
        }
      }
    }
    assert.deepEqual([...seen].sort(), ["current-password", "new-password"]);
  });

  // Proves ASVS 7.6.2, WSTG-SESS-01.
  test("who only looks gets no session, no row and no cookie", async () => {
    const before = countSessions();
    for (const { path } of gets) {
      const answer = await server.visitor().get(path);
      assert.deepEqual(answer.headers.getSetCookie(), [], path);
    }
    assert.equal(countSessions(), before);
  });

  // Proves ASVS 3.5.3, WSTG-SESS-04.
  test("nothing is changed by a safe method, not even with the CSRF token", async () => {
    const csrf_token = await ada.csrfToken();
    const withToken = { csrf_token, current: "x", next: "y", email: "eve@example.com", session: "z" };
    const before = [countSessions(), server.sql("SELECT * FROM coatcheck_users")];
    for (const { path } of unsafe) {
      for (const method of ["GET", "HEAD", "OPTIONS"]) {
        const headers = { "x-csrf-token": csrf_token, "content-type": "application/x-www-form-urlencoded" };
        const answer = await ada.send(method, `${path}?${new URLSearchParams(withToken)}`, { headers });
        assert.ok(![201, 204].includes(answer.status), `${method} ${path} ${answer.status}`);
        assert.deepEqual(answer.headers.getSetCookie(), [], `${method} ${path}`);
      }
    }
    assert.deepEqual([countSessions(), server.sql("SELECT * FROM coatcheck_users")], before);
    assert.equal(await ada.isSignedIn(), true);
  });

  // Proves ASVS 3.5.1, ASVS 3.5.2, WSTG-SESS-05, Fetch Metadata check.
  test("another site is heard by none that changes something, whatever it says that its content is", async () => {
    const csrf = { "x-csrf-token": await ada.csrfToken() };
    for (const { method, path } of unsafe) {
      for (const [site, type] of [
        ["cross-site", "text/plain"],
        ["cross-site", ""],
        ["same-site", "application/json"],
        ["invented", "multipart/form-data"],
      ] as const) {
        const headers = { ...csrf, "content-type": type, "sec-fetch-site": site, origin: "null" };
        const answer = await ada.send(method, path, { headers, body: "{}" });
        assert.equal(answer.status, 403, `${method} ${path} ${site} ${type}`);
      }
    }
    assert.equal(await ada.isSignedIn(), true);
  });

  test("no path is exempt from that, however it is written (CVE-2025-47910)", async () => {
    const { host } = new URL(server.origin);
    const written = [
      "/assets/../logout",
      "/healthz/../logout",
      "//logout",
      "/logout/",
      "/LOGOUT",
      "/%6cogout",
    ];
    for (const path of [
      ...written,
      "/logout?next=/healthz",
      `${server.origin}/logout`,
      "/logout;x",
      "/./logout",
    ]) {
      const answer = await rawRequest(server.origin, [
        `POST ${path} HTTP/1.1`,
        `Host: ${host}`,
        `Cookie: __Host-session=${ada.cookie}`,
        "Origin: https://evil.example",
        "Content-Length: 0",
      ]);
      assert.match(answer, /^HTTP\/1\.1 40[0-9] /, path);
      assert.doesNotMatch(answer, /^(set-cookie|location):/im, path);
    }
    assert.equal(await ada.isSignedIn(), true);
  });

  // Proves ASVS 13.4.1, ASVS 13.4.3, ASVS 13.4.7.
  test("files are served where their own names say so, and no others", async () => {
    const { host } = new URL(server.origin);
    const paths = [
      "/assets",
      "/assets/",
      "/assets/style.css",
      "/assets/../src/main.ts",
      "/package.json",
      "/.git/config",
    ];
    const escapes = [
      "/assets/%2e%2e/main.ts",
      "/assets/..%2f..%2fpackage.json",
      "/data/coatcheck.db",
      "/.env",
      "/src",
    ];
    for (const path of [...paths, ...escapes, "/data/coatcheck.db.keys", "/../../../../etc/passwd"]) {
      const answer = await rawRequest(server.origin, [`GET ${path} HTTP/1.1`, `Host: ${host}`]);
      assert.match(answer, /^HTTP\/1\.1 404 /, path);
    }
  });
});

/** ASVS wants the character set of text. That of JSON is UTF-8 and has no parameter. */
const soundType =
  /^(text\/[\w-]+;.*charset=utf-8|application\/(problem\+)?json|application\/jsonl; charset=utf-8|image\/svg\+xml|application\/[\w-]+)$/i;

function headersOf({ headers }: Answer, names: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    names.map((name) => [name, headers.get(name)?.replaceAll(/'nonce-[\w-]+'/g, "'nonce'") ?? null]),
  );
}
