/** One line per request, and what happens to sessions. Never a cookie, a token, a password or a query. */
import type { SessionEvent } from "coatcheck";
import type { MiddlewareHandler } from "hono";
import { type DestinationStream, type Logger, pino } from "pino";
import type { AppEnv } from "./env.ts";
import { gatheredLines } from "./gathered-lines.ts";

const longestPath = 256;

/** Lines of JSON. By default they go to stderr: stdout is for the person who starts the server. */
export function createLogger(destination: DestinationStream = gatheredLines(2)): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

export function requestLog(logger: Logger): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = performance.now();
    await next();
    const { status } = c.res;
    logger[status >= 500 ? "error" : "info"]({
      event: "request",
      requestId: c.var.requestId,
      method: c.req.method,
      path: c.req.path.slice(0, longestPath),
      status,
      ms: Math.round(performance.now() - started),
      ip: c.var.auth?.client.ip,
    });
  };
}

const alarming: ReadonlySet<SessionEvent["type"]> = new Set([
  "theft",
  "fingerprint",
  "csrf",
  "data-unreadable",
]);

/** Session events name the session by its public id. */
export function logSessionEvents(logger: Logger): (event: SessionEvent) => void {
  return ({ type, at: _, ...facts }) => {
    logger[alarming.has(type) ? "warn" : "info"]({ event: `session-${type}`, ...facts });
  };
}
