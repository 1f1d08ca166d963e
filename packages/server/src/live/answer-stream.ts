/** A stream of server-sent events as an answer: `c.body(opened(streams.open(…)), 200, streamed)`. */
import type { MiddlewareHandler } from "hono";
import { answerProblem } from "../answer.ts";
import type { AppEnv } from "../env.ts";
import { forbidden, ProblemError, tooManyStreams } from "../problems.ts";
import type { EventStream, Refusal } from "./event-streams.ts";

/** The headers of the answer. */
export const streamed: Readonly<Record<string, string>> = {
  "Content-Type": "text/event-stream",
  // Proxies of the kind of nginx hold an answer back until they have much of it, if they are not told.
  "X-Accel-Buffering": "no",
  // When it has ended, nobody waits for the connection to be used again: least of all a server that stops.
  Connection: "close",
};

/**
 * Refuses who opens it as a page: another site can lead a browser there, with its cookies and as often as it likes, until the
 * session has no stream left for its own pages.
 */
export const neverVisited: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.header("sec-fetch-mode") !== "navigate") return next();
  return answerProblem(forbidden("A stream of events is for programs, and no page to open."), c);
};

/** @throws ProblemError if none was opened. */
export function opened(stream: EventStream | Refusal): EventStream {
  if (typeof stream === "string") throw new ProblemError(tooManyStreams(stream === "session-full"));
  return stream;
}
