import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono, type MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  coatcheck,
  requireCsrfToken,
  requireRecentAuth,
  requireSession,
  requireSessionWhere,
} from "../../src/adapters/hono.ts";
import { type Application, describeAdapter, type RouteGuard } from "../../src/testing/adapter-suite.ts";

describeAdapter("Hono", {
  async serve(application) {
    const server = serve({
      fetch: applicationOn(application).fetch,
      port: 0,
      hostname: "127.0.0.1",
    }) as Server;
    if (!server.listening) await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return {
      origin: `http://127.0.0.1:${port}`,
      close: async () => {
        server.close();
        server.closeAllConnections();
      },
    };
  },
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
