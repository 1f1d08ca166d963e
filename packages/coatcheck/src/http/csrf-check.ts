/** Whether a request may change anything: the checks of `csrf.ts`, made of one request and told of. */
import type { SessionToken } from "../core/token.ts";
import type { AuthRequest } from "./auth-request.ts";
import { publicHost } from "./client.ts";
import { crossOrigin, verifyCsrfToken } from "./csrf.ts";
import type { Exchange } from "./exchange.ts";
import { csrfFailed, type Problem } from "./problem.ts";

/** Whether it comes from the own origin, or one that is trusted. */
export function checkOrigin(exchange: Exchange): Problem | undefined {
  const { request, settings } = exchange;
  const headers = {
    secFetchSite: request.header("sec-fetch-site"),
    origin: request.header("origin"),
    host: publicHost(request, settings.proxies),
  };
  return (
    crossOrigin(isWebSocket(request) ? "CONNECT" : request.method, headers, settings.origins) &&
    failure(exchange, "cross-origin")
  );
}

/**
 * Whether it opens a WebSocket: by a GET that any page may send anywhere, with cookies, and whose answer it may read
 * (cross-site WebSocket hijacking; ASVS 4.4.2). In HTTP/2 it is a CONNECT, which it would have been better as.
 */
export function isWebSocket(request: AuthRequest): boolean {
  return request.header("upgrade")?.toLowerCase() === "websocket";
}

/** Whether it carries the CSRF token of its session, in the header or else in the form. */
export async function checkToken(exchange: Exchange, token: SessionToken): Promise<Problem | undefined> {
  const { request } = exchange;
  const presented = request.header("x-csrf-token") ?? (await request.formField?.("csrf_token"));
  return verifyCsrfToken(token, presented) ? undefined : failure(exchange, "token");
}

function failure({ house, client }: Exchange, reason: "cross-origin" | "token"): Problem {
  house.observers.tell({ type: "csrf", reason, client });
  return csrfFailed();
}
