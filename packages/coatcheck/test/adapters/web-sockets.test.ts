/** Real WebSockets: who may open one, and that it dies with its session. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { serve, upgradeWebSocket } from "@hono/node-server";
import { Hono } from "hono";
import { type ServerSocket, WebSocketServer } from "../../../../test/servers/web-socket-server.ts";
import { coatcheck, requireSession } from "../../src/adapters/hono.ts";
import { houseOf, SessionManager } from "../../src/core/manager.ts";
import { resolveAuth } from "../../src/http/auth-settings.ts";
import { closeWithSession } from "../../src/http/live-socket.ts";
import { RequestAuth } from "../../src/http/request-auth.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import type { Served } from "../../src/testing/adapter-suite.ts";
import { served } from "./served.ts";

type Listen = (sessions: SessionManager) => Promise<Served>;

/** The routes that the documentation shows. */
const servers: Readonly<Record<string, Listen>> = {
  Hono: (sessions) => {
    const app = new Hono().use(coatcheck(sessions));
    app.get(
      "/live",
      requireSession(),
      upgradeWebSocket((c) => ({
        onOpen: (_event, socket) => closeWithSession(c.var.session, socket),
        onMessage: (_event, socket) => socket.send(c.var.session.userId),
      })),
    );
    const websocket = { server: new WebSocketServer() };
    return served(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", websocket }) as Server);
  },
  "Node alone": (sessions) => {
    const settings = resolveAuth();
    const sockets = new WebSocketServer();
    const server = createServer().on("upgrade", async (message, connection, head) => {
      const auth = new RequestAuth(sessions, settings, {
        method: "GET",
        remoteAddress: message.socket.remoteAddress,
        encrypted: false,
        answered: true,
        header: (name) => message.headers[name]?.toString(),
        onClose: (listener) => void connection.once("close", listener),
      });
      const problem = await auth.check();
      const session = problem ? undefined : await auth.session();
      if (!session) {
        connection.end(`HTTP/1.1 ${problem?.status ?? 401} Refused\r\nConnection: close\r\n\r\n`);
        return;
      }
      sockets.handleUpgrade(message, connection, head, (socket: ServerSocket) => {
        closeWithSession(session, socket);
        socket.on("message", () => socket.send(session.userId));
      });
    });
    return served(server.listen(0, "127.0.0.1"));
  },
};

for (const [name, listen] of Object.entries(servers)) {
  describe(`WebSockets with ${name}`, () => {
    async function stage(t: { after(done: () => Promise<void> | void): void }) {
      const sessions = new SessionManager({ store: new MemorySessionStore() });
      const { origin, close } = await listen(sessions);
      t.after(close);
      const { token } = await sessions.create("ada");
      const cookie = `__Host-session=${token.reveal()}`;
      // Node's own takes headers, of which the types of browsers know nothing.
      const open = (headers: Record<string, string>) => {
        const options = { headers } as unknown as string[];
        const socket = new WebSocket(`${origin.replace("http", "ws")}/live`, options);
        t.after(() => socket.close());
        return socket;
      };
      const watched = () => houseOf(sessions).watched.size;
      return { sessions, origin, cookie, open, watched };
    }

    test("close with 4401 when the session ends, and the reason (ws#1653, passport.socketio#101)", async (t) => {
      const { sessions, cookie, open } = await stage(t);
      const sockets = [open({ cookie }), open({ cookie })];
      await Promise.all(sockets.map((socket) => once(socket, "open")));
      sockets[0]!.send("who?");
      const [answer] = await once(sockets[0]!, "message");
      assert.equal(answer.data, "ada");
      const closes = sockets.map((socket) => once(socket, "close"));
      await sessions.revokeAll("ada", { reason: "credentials-changed" });
      for (const [{ code, reason }] of await Promise.all(closes)) {
        assert.deepEqual([code, reason], [4401, "credentials-changed"]);
      }
    });

    // Proves ASVS 4.4.2.
    test("open for nobody without a session, nor for another site (cross-site WebSocket hijacking)", async (t) => {
      const { origin, cookie, open } = await stage(t);
      for (const headers of [{}, { cookie, origin: "https://evil.example" }]) {
        assert.equal(await outcome(open(headers)), "close");
      }
      assert.equal(await outcome(open({ cookie, origin })), "open");
    });

    test("leave nothing behind when their client goes", async (t) => {
      const { cookie, open, watched } = await stage(t);
      const socket = open({ cookie });
      await once(socket, "open");
      socket.send("who?");
      await once(socket, "message");
      assert.equal(watched(), 1);
      socket.close();
      await once(socket, "close");
      for (let turn = 0; turn < 1_000 && watched() > 0; turn++) await nextTurn();
      assert.equal(watched(), 0);
    });
  });
}

async function outcome(socket: WebSocket): Promise<string> {
  const [event] = await Promise.race([once(socket, "open"), once(socket, "close")]);
  return event.type;
}
