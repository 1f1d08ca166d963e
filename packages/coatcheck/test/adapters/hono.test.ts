import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import * as http2 from "node:http2";
import { describe, test } from "node:test";
import { serve } from "@hono/node-server";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { stream } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  type AuthVariables,
  coatcheck,
  requireCsrfToken,
  requireRecentAuth,
  requireSession,
  requireSessionWhere,
} from "../../src/adapters/hono.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { type Application, describeAdapter, type RouteGuard } from "../../src/testing/adapter-suite.ts";
import { served } from "./served.ts";

describeAdapter("Hono", {
  serve: (application) =>
    served(serve({ fetch: applicationOn(application).fetch, port: 0, hostname: "127.0.0.1" }) as Server),
});

function applicationOn({ sessions, options, routes }: Application) {
  const app = new Hono().use(coatcheck(sessions, options));
  for (const { method, path, guard, headers = {}, answer } of routes) {
    app.on(method, path, guard ? middlewareFor(guard) : (_c, next) => next(), async (c) => {
      for (const [name, value] of Object.entries(headers)) c.header(name, value);
      const body = await answer({
        auth: c.var.auth,
        session: c.get("session" as never),
        query: (name) => c.req.query(name),
        field: async (name) => (await c.req.parseBody())[name],
        json: () => c.req.json(),
      });
      return c.json(body);
    });
  }
  app.onError((error, c) => {
    const { status = 500 } = error as { status?: ContentfulStatusCode };
    return c.json({ error: error.message }, status);
  });
  return app;
}

function middlewareFor(guard: RouteGuard): MiddlewareHandler {
  if (guard.demand === "recent") return requireRecentAuth(guard.within);
  if (guard.demand === "where") return requireSessionWhere(guard.predicate);
  return guard.demand === "csrf-token" ? requireCsrfToken() : requireSession();
}

describe("coatcheck", () => {
  const sessions = () => new SessionManager({ store: new MemorySessionStore() });

  test("refuses bad options at start", () => {
    assert.throws(() => coatcheck(sessions(), { origin: "http://shop.example" }), TypeError);
    assert.throws(() => requireRecentAuth(0), TypeError);
  });

  test("says so when a guard stands without it", async () => {
    const errors: unknown[] = [];
    const app = new Hono().get("/me", requireSession(), (c) => c.text("in"));
    app.onError((error, c) => {
      errors.push(error);
      return c.text("failed", 500);
    });
    assert.equal((await app.request("/me")).status, 500);
    assert.match(String(errors[0]), /TypeError: Guards need the middleware before them/);
  });

  test("works without Node's server, on the Request alone", async () => {
    const app = new Hono().use(coatcheck(sessions()));
    app.post("/login", async (c) => c.json(await c.var.auth.login("ada")));
    app.get("/me", requireSession(), (c) => c.text(c.var.session.userId));
    const login = await app.request("https://shop.example/login", {
      method: "POST",
      headers: { origin: "https://shop.example" },
    });
    const cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
    const answer = await app.request("/me", { headers: { cookie } });
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("vary"), "Cookie");
    assert.equal(await answer.text(), "ada");
  });

  test("lets a stream look at the session after the answer has begun", async () => {
    const app = new Hono().use(coatcheck(sessions()));
    app.get("/", (c) =>
      stream(c, async (out) => {
        await out.write("nobody: ");
        await out.write(String((await c.var.auth.session()) === undefined));
      }),
    );
    const { origin, close } = await served(
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server,
    );
    assert.equal(await (await fetch(origin)).text(), "nobody: true");
    await close();
  });

  test("takes the peer and its encryption from Node's message", async () => {
    const manager = sessions();
    const app = new Hono().use(coatcheck(manager));
    app.post("/login", async (c) => c.json(await c.var.auth.login("ada")));
    const socket = { remoteAddress: "203.0.113.7", encrypted: true };
    await app.request(
      "/login",
      { method: "POST" },
      { incoming: { headers: { host: "shop.example" }, socket } },
    );
    assert.equal((await manager.list("ada"))[0]?.client.ip, "203.0.113.7");
  });

  test("knows its host on HTTP/2, which has no Host header", async () => {
    const app = new Hono().use(coatcheck(sessions()));
    app.post("/", (c) => c.text("passed"));
    const server = serve({
      fetch: app.fetch,
      port: 0,
      hostname: "127.0.0.1",
      createServer: http2.createServer,
    });
    const { origin } = await served(server as Server);
    const client = http2.connect(origin);
    const statusFrom = async (origin: string) => {
      const stream = client.request({ ":method": "POST", ":path": "/", origin });
      const [headers] = await once(stream.end(), "response");
      stream.resume();
      return headers[":status"];
    };
    assert.equal(await statusFrom(origin), 200);
    assert.equal(await statusFrom("https://evil.example"), 403);
    client.close();
    server.close();
  });

  test("leaves the raw request its body after the check of the form's token", async () => {
    const app = new Hono().use(coatcheck(sessions(), { csrf: "token" }));
    app.post("/login", signIn);
    app.post("/form", async (c) => c.json(Object.fromEntries(await c.req.raw.formData())));
    assert.equal(await noteOf(app), "kept");
  });

  test("finds the form's token also where a middleware before has read the body", async () => {
    const readBody: MiddlewareHandler = async (c, next) => {
      await c.req.parseBody();
      await next();
    };
    const app = new Hono().use(readBody).use(coatcheck(sessions(), { csrf: "token" }));
    app.post("/login", signIn);
    app.post("/form", async (c) => c.json(await c.req.parseBody()));
    assert.equal(await noteOf(app), "kept");
  });
});

async function signIn(c: Context<{ Variables: AuthVariables<Record<string, unknown>> }>): Promise<Response> {
  await c.var.auth.login("ada");
  return c.text(await c.var.auth.csrfToken());
}

/** What the application reads from a form after it has checked the form's token. */
async function noteOf(app: Pick<Hono, "request">): Promise<unknown> {
  const login = await app.request("/login", { method: "POST" });
  const cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
  const body = new URLSearchParams({ csrf_token: await login.text(), note: "kept" });
  const answer = await app.request("/form", { method: "POST", headers: { cookie }, body });
  return (await answer.json()).note;
}
