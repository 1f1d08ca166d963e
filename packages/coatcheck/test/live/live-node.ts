/** A process that serves live connections: `node live-node.ts <port> <url of the store> plain|cached`. */
import { serve, upgradeWebSocket } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Pool } from "pg";
import { createClient } from "redis";
import { WebSocketServer } from "../../../../test/servers/web-socket-server.ts";
import { coatcheck, requireSession } from "../../src/adapters/hono.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { closeWithSession } from "../../src/http/live-socket.ts";
import { type CacheableStore, cached } from "../../src/stores/cached.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";

const [port, url, kind] = process.argv.slice(2);
const store = await (url!.startsWith("redis:") ? openRedis(url!) : openPostgres(url!));
const sessions = new SessionManager({ store: kind === "cached" ? cached(store) : store });

const app = new Hono().use(coatcheck(sessions));
app.post("/login", async (c) => c.json(await c.var.auth.login("ada")));
app.post("/logout", async (c) => c.json(await c.var.auth.logout()));
app.post("/renew", async (c) => c.json(await c.var.auth.renew()));
app.get("/me", requireSession(), (c) => c.json(c.var.session));
app.get("/events", requireSession(), (c) =>
  streamSSE(c, async (stream) => {
    const { signal } = c.var.session;
    await stream.writeSSE({ event: "open", data: "" });
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
      stream.onAbort(() => resolve(undefined));
    });
    if (signal.aborted) await stream.writeSSE({ event: "ended", data: signal.reason.reason });
  }),
);
app.get(
  "/socket",
  requireSession(),
  upgradeWebSocket((c) => ({
    onOpen: (_event, socket) => closeWithSession(c.var.session, socket),
    onMessage: (_event, socket) => socket.send(c.var.session.userId),
  })),
);
serve({
  fetch: app.fetch,
  port: Number(port),
  hostname: "127.0.0.1",
  websocket: { server: new WebSocketServer() },
});

async function openRedis(url: string): Promise<CacheableStore> {
  const client = createClient({ url }).on("error", () => {});
  return new RedisSessionStore(await client.connect(), { timeout: 500 });
}

async function openPostgres(connectionString: string): Promise<CacheableStore> {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 2_000 }).on("error", () => {});
  const store = new PostgresSessionStore(pool, { timeout: 500 });
  await store.migrate();
  return store;
}
