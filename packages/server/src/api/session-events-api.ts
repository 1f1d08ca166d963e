/** What happens to the own session, told as it happens. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { identifyUnused } from "../accounts/identify.ts";
import type { AppEnv, House } from "../env.ts";
import { notSignedIn, ProblemError, tooManyStreams } from "../problems.ts";
import { problems } from "./responses.ts";

const streamed = {
  "Content-Type": "text/event-stream",
  // Proxies of the kind of nginx hold an answer back until they have much of it, if they are not told.
  "X-Accel-Buffering": "no",
  // When it has ended, nobody waits for the connection to be used again: least of all a server that stops.
  Connection: "close",
};

export function sessionEventsApi(api: OpenAPIHono<AppEnv>, { accounts, streams }: House): void {
  const events = createRoute({
    method: "get",
    path: "/api/session/events",
    tags: ["Sessions"],
    operationId: "watchSession",
    summary: "Learn at once when the session ends",
    description:
      "Server-sent events, for `EventSource`: `ended`, with the `reason` in its data, when this session ends on whatever node; then the stream closes. To be connected is no use of the session: it keeps nobody signed in. A session has at most 8.",
    security: [{ session: [] }],
    responses: {
      200: {
        description: "The stream. Lines that begin with a colon only keep it open.",
        content: {
          "text/event-stream": {
            schema: z.string().openapi({ example: 'event: ended\ndata: {"reason":"revoked"}\n\n' }),
          },
        },
      },
      ...problems(401, 429, 503),
    },
  });
  api.openapi(events, async (c) => {
    const session = await identifyUnused(accounts, c.var.auth);
    if (!session) throw new ProblemError(notSignedIn(undefined));
    const stream = streams.open(session);
    if (typeof stream === "string") throw new ProblemError(tooManyStreams(stream === "session-full"));
    return c.body(stream, 200, streamed);
  });
}
