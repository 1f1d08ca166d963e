/** The application of the adapter suite on the web standard, behind Node's own server. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import {
  applyGuard,
  type Connection,
  csrfTokenPresent,
  type Guard,
  type Problem,
  problemResponse,
  recentAuth,
  type SessionHandler,
  sessionWhere,
  withSessions,
} from "../../src/adapters/web.ts";
import type { Application, Route, RouteGuard, Served } from "../../src/testing/adapter-suite.ts";
import { served } from "./served.ts";

export type Handler = (request: Request, connection: Connection) => Promise<Response>;
type Data = Record<string, unknown>;

export function listen(handle: Handler): Promise<Served> {
  return served(createServer(bridgeTo(handle)).listen(0, "127.0.0.1"));
}

function bridgeTo(handle: Handler) {
  return async (message: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const connection = { remoteAddress: message.socket.remoteAddress };
    const response = await handle(requestOf(message, reply), connection).catch(
      (error) => new Response(String(error), { status: 500 }),
    );
    reply.writeHead(response.status, [...response.headers].flat());
    reply.end(Buffer.from(await response.arrayBuffer()));
  };
}

function requestOf(message: IncomingMessage, reply: ServerResponse): Request {
  const over = new AbortController();
  reply.once("close", () => over.abort());
  const { method = "GET", url = "/", rawHeaders } = message;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  const body = method === "GET" ? null : (Readable.toWeb(message) as ReadableStream);
  return new Request(`http://localhost${url}`, {
    method,
    headers,
    body,
    duplex: "half",
    signal: over.signal,
  } as RequestInit);
}

export function applicationOn({ sessions, options, routes }: Application): Handler {
  const { onProblem = problemResponse } = options;
  const handlers = new Map(
    routes.map((route) => [`${route.method} ${route.path}`, handlerOf(route, onProblem)]),
  );
  return withSessions(
    sessions,
    async (request, auth) => {
      const handler = handlers.get(`${request.method} ${new URL(request.url).pathname}`);
      if (!handler) return new Response("Not found", { status: 404 });
      try {
        return await handler(request, auth);
      } catch (error) {
        const { status } = error as { status?: number };
        if (status === undefined) throw error;
        return Response.json({ error: String(error) }, { status });
      }
    },
    options,
  );
}

function handlerOf(
  { guard, headers = {}, answer }: Route,
  onProblem: (problem: Problem) => Response,
): SessionHandler<Data> {
  return async (request, auth) => {
    const guarded = guard && (await applyGuard(auth, guardFor(guard)));
    if (guarded?.problem) return onProblem(guarded.problem);
    const body = await answer({
      auth,
      session: guarded?.session,
      query: (name) => new URL(request.url).searchParams.get(name) ?? undefined,
      field: async (name) => (await request.formData()).get(name),
      json: () => request.json(),
    });
    return Response.json(body, { headers });
  };
}

function guardFor(guard: RouteGuard): Guard<Data> | undefined {
  if (guard.demand === "recent") return recentAuth(guard.within);
  if (guard.demand === "where") return sessionWhere(guard.predicate);
  return guard.demand === "csrf-token" ? csrfTokenPresent : undefined;
}
