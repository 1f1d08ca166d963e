/** Node's HTTP server: listening, and stopping without cutting anybody off. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { AppEnv } from "./env.ts";
import { securityHeaders } from "./security-headers.ts";

const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than proxies keep an idle connection (a minute, mostly): who closes first must not be who is written to.
  keepAliveTimeout: 75_000,
};

/** How long requests in flight may take once the server was told to stop. */
const patience = 10_000;

/**
 * Listens, then makes the application, which may want to know the port that was got.
 * @throws what `listen` failed with: a port in use, an address that is not ours.
 */
export async function listen(
  port: number,
  host: string,
  makeApp: (port: number) => { readonly app: Hono<AppEnv>; readonly origin: string },
): Promise<Server> {
  const server = createServer(timeouts);
  server.listen(port, host);
  await once(server, "listening");
  const { app, origin } = made(server, makeApp);
  const answer = getRequestListener(app.fetch, {
    // For HTTP/1.0, whose requests need not name a host: health checks of load balancers still speak it.
    hostname: new URL(origin).host,
    errorHandler: () => new Response(null, { status: 400, headers: securityHeaders(origin, "none") }),
  });
  server.on("request", (request, response) => {
    if (isRefused(request)) refuse(response, origin);
    else void answer(request, response);
  });
  return server;
}

/** What cannot be made must not leave a socket open that answers nobody. */
function made<T>(server: Server, make: (port: number) => T): T {
  try {
    return make((server.address() as AddressInfo).port);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Methods that the web platform's `Request` cannot even express, so the application never sees them. */
function isRefused({ method }: IncomingMessage): boolean {
  return method === "TRACE" || method === "TRACK" || method === "CONNECT";
}

function refuse(response: ServerResponse, origin: string): void {
  response.writeHead(405, { ...securityHeaders(origin, "none"), "Content-Length": "0" }).end();
}

/** Accepts nobody new, lets requests in flight finish within bounds, and returns when all connections are closed. */
export async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const insist = setTimeout(() => server.closeAllConnections(), patience);
  await closed;
  clearTimeout(insist);
}
