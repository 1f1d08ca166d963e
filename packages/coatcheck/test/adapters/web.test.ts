import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withSessions } from "../../src/adapters/web.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { describeAdapter } from "../../src/testing/adapter-suite.ts";
import { applicationOn, listen } from "./web-application.ts";

describeAdapter("the web standard", { serve: (application) => listen(applicationOn(application)) });

describe("withSessions", () => {
  const sessions = new SessionManager({ store: new MemorySessionStore() });
  const post = () => new Request("https://shop.example/", { method: "POST" });

  test("adds the cookie to responses that cannot be changed", async () => {
    const handle = withSessions(sessions, async (_request, auth) => {
      await auth.login("ada");
      return Response.redirect("https://shop.example/home", 303);
    });
    const response = await handle(post());
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "https://shop.example/home");
    assert.equal(response.headers.getSetCookie().length, 1);
  });

  test("returns a response without a cookie as it is", async () => {
    const response = new Response("hello");
    assert.equal(await withSessions(sessions, () => response)(post()), response);
  });

  test("passes a switch of protocols, which cannot be built again", async () => {
    const upgrade = Object.defineProperty(new Response(null), "status", { value: 101 });
    const handle = withSessions(sessions, async (_request, auth) => {
      await auth.login("ada");
      return upgrade;
    });
    assert.equal(await handle(post()), upgrade);
  });

  test("leaves errors that are not the library's to the caller", async () => {
    const failing = withSessions(sessions, () => Promise.reject(new Error("my own")));
    await assert.rejects(failing(post()), /my own/);
  });

  test("takes the peer from the connection", async () => {
    const handle = withSessions(sessions, async (_request, auth) => Response.json(auth.client));
    const answer = await handle(post(), { remoteAddress: "::ffff:203.0.113.7" });
    assert.deepEqual(await answer.json(), { ip: "203.0.113.7" });
  });

  test("takes the host from the address where a request has no Host header", async () => {
    const handle = withSessions(sessions, () => new Response("passed"));
    const from = (origin: string) => new Request(post(), { headers: { origin } });
    assert.equal((await handle(from("https://shop.example"))).status, 200);
    assert.equal((await handle(from("https://evil.example"))).status, 403);
  });
});
