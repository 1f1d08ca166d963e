/** `GET /api/session/events`: told at once when the session ends, and nothing left behind. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Session, SessionEndedError } from "coatcheck";
import { EventStreams } from "../src/live/event-streams.ts";
import { rawRequest } from "./support/raw-request.ts";
import { startTestServer, type TestServer } from "./support/test-server.ts";
import type { Events } from "./support/visitor.ts";

/** How long the server waits for requests in flight when it stops, in milliseconds. */
const patience = 10_000;

const ended = (reason: string) => `event: ended\ndata: {"reason":"${reason}"}\n\n`;

async function openStreams(server: TestServer): Promise<number> {
  const { text } = await server.visitor().send("GET", "/metrics");
  return Number(/^coatcheck_event_streams (\d+)$/m.exec(text)?.[1]);
}

describe("a stream of the session's events", () => {
  test("says at once that it is open, and is kept by nobody", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    const { status, headers, first, leave } = await visitor.events();
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/event-stream");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.equal(first, ": open\n\n");
    leave();
  });

  test("tells when the session is ended from another device, why, and closes", async () => {
    await using server = await startTestServer();
    const [visitor, other] = [await server.signedIn(), await server.signedIn()];
    const { rest } = await visitor.events();
    const id = await visitor.sessionId();
    assert.equal((await other.call("DELETE", `/api/sessions/${id}`)).status, 200);
    assert.equal(await rest, ended("revoked"));
    assert.equal((await visitor.events()).status, 401);
  });

  test("tells of a session that was not used for too long: to be connected is no use of it", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    const { rest } = await visitor.events();
    server.clock.now += 20 * 60_000;
    const again = await visitor.events();
    server.clock.now += 10 * 60_000;
    assert.deepEqual(await Promise.all([rest, again.rest]), [ended("expired"), ended("expired")]);
  });

  test("tells of a session that is gone from the database", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    const { rest } = await visitor.events();
    server.sql("DELETE FROM coatcheck_sessions");
    assert.equal(await rest, "event: ended\ndata: {}\n\n");
  });

  test("is refused without a session, and sets no cookie", async () => {
    await using server = await startTestServer();
    const { status, headers } = await server.visitor().events();
    assert.equal(status, 401);
    assert.deepEqual(headers.getSetCookie(), []);
  });

  test("is the ninth of its session only when another one was left", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    const streams: Events[] = [];
    for (let count = 0; count < 8; count++) streams.push(await visitor.events());
    assert.ok(streams.every(({ status }) => status === 200));
    assert.equal(await openStreams(server), 8);
    const ninth = await visitor.events();
    assert.deepEqual([ninth.status, ninth.headers.get("retry-after")], [429, "60"]);
    const other = await (await server.signedIn()).events();
    assert.equal(other.status, 200);
    other.leave();
    for (const { leave } of streams) leave();
    while ((await openStreams(server)) > 0) await nextTurn();
    const { status, leave } = await visitor.events();
    assert.equal(status, 200);
    leave();
  });

  test("is not left open by a HEAD, which nobody reads, however many come", async () => {
    await using server = await startTestServer();
    const visitor = await server.signedIn();
    for (const path of ["/api/session/events", "/api/admin/events"]) {
      for (let count = 0; count < 9; count++) {
        const { status, headers } = await visitor.send("HEAD", path);
        assert.deepEqual([status, headers.get("content-type")], [200, "text/event-stream"], path);
      }
    }
    assert.equal(await openStreams(server), 0);
    const { status, leave } = await visitor.events();
    assert.equal(status, 200);
    leave();
  });

  test("is no page: another site that leads a browser to it opens none", async () => {
    await using server = await startTestServer();
    const { cookie } = await server.signedIn();
    for (const path of ["/api/session/events", "/api/admin/events"]) {
      const answer = await rawRequest(server.origin, [
        `GET ${path} HTTP/1.1`,
        `Host: ${new URL(server.origin).host}`,
        `Cookie: __Host-session=${cookie}`,
        "Accept: text/html",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate",
      ]);
      assert.match(answer, /^HTTP\/1\.1 403 /, path);
      assert.match(answer, /content-type: application\/problem\+json/i, path);
    }
    assert.equal(await openStreams(server), 0);
  });

  test("closes without a word when the server stops, and does not hold it up", async () => {
    const server = await startTestServer();
    const visitor = await server.signedIn();
    const { rest } = await visitor.events();
    const stopping = performance.now();
    await server[Symbol.asyncDispose]();
    assert.equal(await rest, "");
    assert.ok(performance.now() - stopping < patience, "It waited as for a request that takes its time");
  });

  test("stands in the OpenAPI document", async () => {
    await using server = await startTestServer();
    const document = (await server.visitor().send("GET", "/openapi.json")).json();
    const { security, responses } = document.paths["/api/session/events"].get;
    assert.deepEqual(security, [{ session: [] }]);
    assert.ok(responses[200].content["text/event-stream"]);
    assert.ok(responses[429] && responses[503]);
  });
});

describe("the streams of a node", () => {
  const session = (id: string, signal = new AbortController().signal) =>
    ({ id, signal }) as unknown as Session;

  test("are as many as it may have, and none any more when it stops", async () => {
    const streams = new EventStreams({ most: 2 });
    const [first] = ["a", "b"].map((id) => streams.open(session(id)));
    assert.ok(first instanceof ReadableStream);
    assert.equal(streams.open(session("c")), "node-full");
    await first.cancel();
    assert.equal(streams.size, 1);
    assert.ok(streams.open(session("c")) instanceof ReadableStream);
    streams.close();
    assert.equal(streams.size, 0);
    assert.equal(streams.open(session("d")), "node-full");
  });

  test("say something every twenty seconds, so that proxies do not give up on them", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const streams = new EventStreams();
    const stream = streams.open(session("a"));
    assert.ok(stream instanceof ReadableStream);
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, ": open\n\n");
    t.mock.timers.tick(20_000);
    assert.equal((await reader.read()).value, ": still here\n\n");
    streams.close();
    assert.equal((await reader.read()).done, true);
  });

  test("keep few heartbeats for a client that does not read, however long it stays", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const streams = new EventStreams();
    const stream = streams.open(session("a"));
    assert.ok(stream instanceof ReadableStream);
    for (let count = 0; count < 100; count++) t.mock.timers.tick(20_000);
    streams.close();
    const beats = (await new Response(stream).text()).match(/still here/g)!;
    assert.ok(beats.length > 0 && beats.length < 10, `${beats.length}`);
  });

  test("tell of a session that had ended before they were opened", async () => {
    const streams = new EventStreams();
    const reason = { reason: "revoked" } as SessionEndedError;
    const stream = streams.open(session("a", AbortSignal.abort(reason)));
    assert.ok(stream instanceof ReadableStream);
    assert.equal(await new Response(stream).text(), `: open\n\n${ended("revoked")}`);
    assert.equal(streams.size, 0);
  });

  test("tell a client that does not read so much and no more, and it misses the rest", async () => {
    const streams = new EventStreams();
    const sent: boolean[] = [];
    let stopped = false;
    const stream = streams.open(session("a"), {
      begin: (send) => {
        for (let count = 0; count < 100; count++) sent.push(send({ event: "n", data: count }));
        return () => {
          stopped = true;
        };
      },
    });
    assert.ok(stream instanceof ReadableStream);
    assert.ok(sent.filter(Boolean).length < 10);
    assert.equal(sent[0], true);
    assert.equal(sent.at(-1), false);
    await stream.cancel();
    assert.equal(stopped, true, "Nothing is told to who has left");
  });

  test("close with a last word when their time is over, before anything else is told", async () => {
    const streams = new EventStreams();
    let isOver = false;
    let send: (event: { event: string; data: unknown }) => boolean = () => false;
    const stream = streams.open(session("a"), {
      begin: (sending) => {
        send = sending;
        return () => {};
      },
      last: () => (isOver ? { event: "over", data: {} } : undefined),
    });
    assert.ok(stream instanceof ReadableStream);
    send({ event: "n", data: 1 });
    isOver = true;
    send({ event: "n", data: 2 });
    send({ event: "n", data: 3 });
    const text = await new Response(stream).text();
    assert.equal(text, ": open\n\nevent: n\ndata: 1\n\nevent: over\ndata: {}\n\n");
    assert.equal(streams.size, 0);
  });
});
