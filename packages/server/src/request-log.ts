/** One line per request, and what happens to sessions. Never a cookie, a token, a password or a query. */
import { writeSync } from "node:fs";
import type { SessionEvent } from "coatcheck";
import type { MiddlewareHandler } from "hono";
import { type DestinationStream, type Logger, pino } from "pino";
import type { AppEnv } from "./env.ts";

const longestPath = 256;

/** Lines of JSON. By default they go to stderr: stdout is for the person who starts the server. */
export function createLogger(destination: DestinationStream = gatheredLines(2)): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** A line waits for others no longer than this, in milliseconds, and not once there are so many characters. */
const longestWait = 100;
const mostCharacters = 4_096;

/** Every write wakes a thread, which takes the processor from a request: lines go out together, the last ones at the end. */
export function gatheredLines(fd: number): DestinationStream {
  // Gathered here and not by its `minLength`: it would forget a flush that comes while it writes, and at the end it would
  // try for ever to write what nobody reads.
  const file = pino.destination({ dest: fd, sync: false });
  let lines = "";
  let waiting: NodeJS.Timeout | undefined;
  let isWriting = false;
  file.on("drain", () => {
    isWriting = false;
  });
  const take = () => {
    clearTimeout(waiting);
    waiting = undefined;
    const gathered = lines;
    lines = "";
    return gathered;
  };
  const pass = () => {
    isWriting = true;
    file.write(take());
  };
  // Before pino's own listener, which writes what waits for a write that is under way.
  process.prependListener("exit", () => {
    if (isWriting) file.write(take());
    else writeNow(fd, take());
  });
  return {
    write(line) {
      lines += line;
      if (lines.length >= mostCharacters) pass();
      else waiting ??= setTimeout(pass, longestWait).unref();
    },
  };
}

/** Where nobody reads, nothing is lost that somebody could have read. */
function writeNow(fd: number, text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // The process ends, and there is nobody left to tell.
  }
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
