/** Node's HTTP server: listening, and stopping without cutting anybody off. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { setImmediate as immediate } from "node:timers/promises";
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

/** How long connections that are kept alive stay open once the server was told to stop, in milliseconds. */
export const defaultLingering = 500;

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
    if (isRefused(request)) refuse(response, 405, origin);
    else if (namesAUser(request)) refuse(response, 400, origin);
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

/** `http://user@host/` as the target, which is an error (RFC 9110 §4.2.4), and which `Request` cannot express either. */
function namesAUser({ url = "" }: IncomingMessage): boolean {
  return /^[a-z][a-z\d+.-]*:[\\/]*[^\\/?#]*@/i.test(url);
}

function refuse(response: ServerResponse, status: 400 | 405, origin: string): void {
  response.writeHead(status, { ...securityHeaders(origin, "none"), "Content-Length": "0" }).end();
}

/**
 * Accepts nobody new, lets requests in flight finish within bounds, and returns when all connections are closed.
 *
 * Who keeps a connection alive may be sending the next request on it at this very moment, and would lose it. So
 * connections stay open for a while longer: whoever asks meanwhile is answered, and told that it was the last time.
 * @param lingering how long they stay, in milliseconds.
 */
export async function close(server: Server, lingering: number = defaultLingering): Promise<void> {
  const closed = once(server, "close");
  await letIn(server);
  // As a plain server, which leaves idle connections alone.
  NetServer.prototype.close.call(server);
  // Not before: whoever is told to go comes back on another connection.
  server.prependListener("request", (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const insist = setTimeout(() => server.closeAllConnections(), patience);
  const linger = setTimeout(() => setImmediate(() => server.closeIdleConnections()), lingering);
  await closed;
  clearTimeout(linger);
  clearTimeout(insist);
  // The timer that looks for slow requests ends with this alone.
  server.close();
}

/** As many may wait to be let in as Node's default for `backlog` says. */
const mostWaiting = 511;

/**
 * Who has connected already, but was not let in yet, would be reset. One is let in each turn of the event loop (libuv,
 * from 1.45 on), so the last one is in when nobody came for a whole turn.
 */
async function letIn(server: Server): Promise<void> {
  let quiet = 0;
  const came = () => {
    quiet = 0;
  };
  server.on("connection", came);
  // Of the first turn only the end may be seen.
  for (let turns = 0; quiet < 3 && turns < mostWaiting; turns++, quiet++) await immediate();
  server.off("connection", came);
}
