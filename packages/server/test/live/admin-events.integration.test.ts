/** `GET /api/admin/events` and the parts of pages that are asked for after it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { coatcheckServer } from "../support/command-line.ts";
import { ada, startTestServer, type TestServer } from "../support/test-server.ts";
import type { Visitor } from "../support/visitor.ts";

const events = "/api/admin/events";
const part = "/live/admin/audit";
const minute = 60_000;
const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };

const wrong = (visitor: Visitor) => visitor.call("POST", "/api/login", { ...ada, password: "wrong" });

function deadlineOf(server: TestServer): unknown {
  return server.sql("SELECT max(expires_at) AS at, max(last_seen_at) AS seen FROM coatcheck_sessions")[0];
}

describe("the stream of administrators", () => {
  test("tells a failed sign-in a moment after it happened, as the audit has it", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const { status, headers, first, until, leave } = await admin.events(events);
    assert.deepEqual(
      [status, headers.get("content-type"), headers.get("cache-control"), first],
      [200, "text/event-stream", "no-store", ": open\n\n"],
    );
    await wrong(server.visitor());
    const said = await until(/sign-in-failed/);
    const [, data] = /^event: audit\ndata: (.*)$/m.exec(said)!;
    const { records, skipped } = JSON.parse(data!);
    const { records: listed } = (await admin.call("GET", "/api/admin/audit?event=sign-in-failed")).json();
    const isFailure = ({ event }: { event: string }) => event === "sign-in-failed";
    assert.deepEqual([records.filter(isFailure), skipped], [listed, false]);
    leave();
  });

  test("tells only what was asked for", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const { until, leave } = await admin.events(`${events}?event=created`);
    await wrong(server.visitor());
    await server.signedIn();
    assert.doesNotMatch(await until(/"event":"created"/), /sign-in-failed/);
    leave();
  });

  test("closes when the session ends, and says why", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const { rest } = await admin.events(`${events}?event=none`);
    await admin.copy().call("POST", "/api/logout");
    assert.equal(await rest, 'event: ended\ndata: {"reason":"logout"}\n\n');
  });

  test("closes when the password was typed ten minutes ago, and is not opened then", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const { rest } = await admin.events(events);
    server.clock.now += 10 * minute;
    await wrong(server.visitor());
    assert.equal(await rest, "event: reauth-required\ndata: {}\n\n");
    const again = await admin.send("GET", events);
    assert.deepEqual([again.status, again.json().type], [403, "urn:coatcheck:problem:reauth-required"]);
    assert.equal((await admin.call("POST", "/api/reauthenticate", { password: ada.password })).status, 200);
    const { status, leave } = await admin.events(events);
    assert.equal(status, 200);
    leave();
  });

  test("is for administrators, and whoever is none and asks is recorded", async () => {
    await using server = await startTestServer();
    await server.addUser(eve);
    const visitor = server.visitor();
    await visitor.signIn(eve);
    for (const path of [events, part]) {
      assert.equal((await visitor.send("GET", path)).status, 403, path);
      assert.equal((await server.visitor().send("GET", path)).status, 401, path);
    }
    await server.running.flushAudit();
    const records = server.sql("SELECT event FROM coatcheck_audit WHERE event = 'access-denied'");
    assert.equal(records.length, 2);
  });

  test("and the parts of pages that are asked for after it are no use of the session", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const before = deadlineOf(server);
    server.clock.now += 5 * minute;
    const { leave } = await admin.events(events);
    for (const path of [part, `${part}?event=created`]) {
      const answer = await admin.get(path);
      assert.equal(answer.status, 200, path);
      assert.deepEqual(answer.headers.getSetCookie(), [], path);
    }
    leave();
    assert.deepEqual(deadlineOf(server), before);
    server.clock.now += 25 * minute;
    assert.equal((await admin.get(part)).status, 401);
  });

  test("tells what a command writes that runs beside the server on SQLite", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const { until, leave } = await admin.events(`${events}?event=user-created`);
    const settings = { COATCHECK_DATABASE: `sqlite:${server.database}` };
    const added = await coatcheckServer(
      ["users", "add", eve.email, "--password-stdin"],
      settings,
      eve.password,
    );
    assert.equal(added.code, 0, added.stderr);
    await until(/"event":"user-created"/);
    leave();
  });
});

describe("the page of the audit", () => {
  test("has a link to reload it, a place for what is live, and the same records as its part", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    await wrong(server.visitor());
    await server.running.flushAudit();
    const query = "?event=sign-in-failed";
    const page = (await admin.get(`/admin/audit${query}`)).text;
    const live = (await admin.get(`${part}${query}`)).text;
    assert.match(page, /data-live="audit" data-part="\/live\/admin\/audit\?event=sign-in-failed"/);
    assert.match(
      page,
      /<a class="button plain small" href="\/admin\/audit\?event=sign-in-failed">Reload<\/a>/,
    );
    assert.match(live, /^<div class="scroll"/);
    assert.ok(page.includes(live.trim()));
    assert.match(live, /<tr data-key="[\w-]{22}">/);
  });

  test("is not live where older records are looked at", async () => {
    await using server = await startTestServer();
    const admin = await server.signedIn();
    const page = (await admin.get("/admin/audit?before=1700000000000.x")).text;
    assert.doesNotMatch(page, /data-live/);
    assert.match(page, /href="\/admin\/audit">Newest</);
  });
});
