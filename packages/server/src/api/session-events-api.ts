/** What happens to the own session, told as it happens. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { identifyUnused } from "../accounts/identify.ts";
import type { AppEnv, House } from "../env.ts";
import { neverVisited, opened, streamed } from "../live/answer-stream.ts";
import { notSignedIn, ProblemError } from "../problems.ts";
import { problems } from "./responses.ts";

export function sessionEventsApi(api: OpenAPIHono<AppEnv>, { accounts, streams }: House): void {
  const events = createRoute({
    method: "get",
    path: "/api/session/events",
    tags: ["Sessions"],
    operationId: "watchSession",
    summary: "Learn at once when the session ends",
    description:
      "Server-sent events, for `EventSource`: `ended`, with the `reason` in its data, when this session ends on whatever node; then the stream closes. To be connected is no use of the session: it keeps nobody signed in. A session has at most 8.",
    middleware: neverVisited,
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
      ...problems(401, 403, 429, 503),
    },
  });
  api.openapi(events, async (c) => {
    const identity = await identifyUnused(accounts, c.var.auth);
    if (!identity) throw new ProblemError(notSignedIn(undefined));
    return c.body(opened(streams.open(identity.session)), 200, streamed);
  });
}
