/** `/metrics`: what it says, and to whom. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { SessionManager } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { metered } from "../src/metrics/metered-store.ts";
import { Metrics } from "../src/metrics/metrics.ts";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";

const token = "a token of the test, spaces replaced".replaceAll(" ", "-");

/** As it is sent: `fetch` would not let a test choose the Host. */
function scrape(
  server: TestServer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port: server.running.port, host: "127.0.0.1", path: "/metrics", headers },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode!, text }));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

describe("GET /metrics", () => {
  test("tells of the process, sessions, accounts and stores", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    await visitor.call("POST", "/api/login", { ...ada, password: "wrong" });
    await visitor.call("POST", "/api/logout");
    await server.visitor().send("GET", "/api/session", { headers: { cookie: "__Host-session=garbage" } });
    await server.running.flushAudit();
    const { status, text } = await scrape(server);
    assert.equal(status, 200);
    for (const line of [
      /^coatcheck_sessions_created_total 1$/m,
      /^coatcheck_sessions_ended_total\{reason="logout"\} 1$/m,
      /^coatcheck_tokens_rejected_total\{reason="unopened"\} 1$/m,
      /^coatcheck_account_events_total\{event="sign-in-failed",reason="wrong-password"\} 1$/m,
      /^coatcheck_store_seconds_count\{kind="sessions",operation="insert",outcome="ok"\} 1$/m,
      /^coatcheck_store_seconds_count\{kind="audit",operation="append",outcome="ok"\} [1-9]/m,
      /^coatcheck_session_cache_on 1$/m,
      /^coatcheck_session_cache_sessions 0$/m,
      /^process_cpu_seconds_total /m,
      /^nodejs_eventloop_lag_p99_seconds /m,
    ]) {
      assert.ok(line.test(text), String(line));
    }
    assert.equal(text.includes(ada.email), false);
  });

  test("tells of pruning: how much of what was removed, in how many steps", async () => {
    await using server = await startTestServer();
    await server.signedIn();
    server.clock.now += 13 * 60 * 60_000;
    assert.equal(await server.running.sessions.prune(), 1);
    const { text } = await scrape(server);
    assert.match(text, /^coatcheck_pruned_total\{kind="sessions"\} 1$/m);
    assert.match(text, /^coatcheck_prune_steps_total\{kind="sessions"\} 2$/m);
    assert.match(text, /^coatcheck_pruning\{kind="sessions"\} 0$/m);
  });

  test("without a token is there for this machine alone: no proxy, no other name for it", async () => {
    await using server = await startTestServer();
    assert.equal((await scrape(server)).status, 200);
    for (const headers of [
      { "x-forwarded-for": "203.0.113.7" },
      { forwarded: "for=203.0.113.7" },
      { "x-real-ip": "203.0.113.7" },
      { via: "1.1 proxy" },
      { host: "rebound.example" },
    ]) {
      assert.equal((await scrape(server, headers)).status, 404, JSON.stringify(headers));
    }
  });

  // Proves ASVS 13.4.5.
  test("without a token is not there behind a public origin, whose proxy may say nothing of itself", async () => {
    const env = {
      ...withAda,
      COATCHECK_ORIGIN: "https://sign-in.example.com",
      COATCHECK_TRUST_PROXY: "loopback",
    };
    await using server = await startTestServer({ env });
    assert.equal((await scrape(server)).status, 404);
  });

  // Proves ASVS 13.4.5.
  test("with a token is there for its bearers, wherever they are, and for nobody else", async () => {
    const env = {
      ...withAda,
      COATCHECK_ORIGIN: "https://sign-in.example.com",
      COATCHECK_METRICS_TOKEN: token,
    };
    await using server = await startTestServer({ env });
    const forwarded = { "x-forwarded-for": "203.0.113.7", host: "sign-in.example.com" };
    assert.equal((await scrape(server, { ...forwarded, authorization: `Bearer ${token}` })).status, 200);
    for (const authorization of [
      "",
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      "Bearer",
    ]) {
      assert.equal((await scrape(server, { authorization })).status, 401, authorization);
    }
    assert.equal((await scrape(server)).status, 401);
    assert.equal(server.logs.includes(token), false);
  });
});

describe("A metered store", () => {
  test("answers from memory as the store does, without waiting and uncounted", async () => {
    const metrics = new Metrics();
    const store = metered(new MemorySessionStore(), "sessions", metrics);
    const sessions = new SessionManager({ store });
    const { token } = await sessions.create("ada");
    assert.equal((await sessions.validate(token)).ok, true);
    assert.equal(store.recent(token.id)?.userId, "ada");
    assert.doesNotMatch(await metrics.text(), /operation="(find|recent)"/);
  });

  test("is the store, its companions included, and counts failures as such", async () => {
    const metrics = new Metrics();
    const store = metered(new MemorySessionStore(), "sessions", metrics);
    assert.equal(store.timeout, Number.POSITIVE_INFINITY);
    await store.time();
    // The newest of the old records stays.
    await store.audit.append(["a", "b"].map((id) => ({ id, at: 1, event: "created" })));
    await store.audit.seal(2);
    await store.audit.deleteOlder(2, 10);
    await assert.rejects(store.audit.query({ limit: 1, cursor: "none" }), TypeError);
    const text = await metrics.text();
    assert.match(text, /coatcheck_store_seconds_count\{kind="sessions",operation="time",outcome="ok"\} 1/);
    assert.match(text, /coatcheck_store_seconds_count\{kind="audit",operation="query",outcome="failed"\} 1/);
    assert.match(text, /coatcheck_pruned_total\{kind="audit"\} 1/);
    assert.equal(store.audit, store.audit);
  });
});
