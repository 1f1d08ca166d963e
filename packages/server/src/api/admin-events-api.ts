/** What happens, told to administrators as it happens. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { isStillRecent } from "../accounts/demands.ts";
import type { AppEnv, House } from "../env.ts";
import { neverVisited, opened, streamed } from "../live/answer-stream.ts";
import { type AuditInterest, type AuditNews, isOfInterest } from "../live/audit-tail.ts";
import type { Send, Telling } from "../live/event-streams.ts";
import { onlookingAdministratorsOnly } from "./api-guard.ts";
import { recordJson } from "./audit-record-json.ts";
import { problems } from "./responses.ts";

const id = z.string().min(1).max(256).optional();

export function adminEventsApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { auditTail, figureTail, sessions, streams } = house;
  const { middleware, security } = onlookingAdministratorsOnly(house);
  const events = createRoute({
    method: "get",
    path: "/api/admin/events",
    tags: ["Administration"],
    operationId: "watchAdministration",
    summary: "Learn what happens as it happens",
    description:
      "Server-sent events, for `EventSource`. `audit`: the `records` that were written within the last second, whichever server wrote them, the newest first, as `GET /api/admin/audit` gives them; `skipped` is true if there were more than are told. `figures`: `GET /api/admin/figures` has something new. `ended`, with the `reason`, when this session ends, and `reauth-required`, when the password was typed too long ago; then the stream closes. To be connected is no use of the session: it keeps nobody signed in. A session has at most 8 streams.",
    middleware: [neverVisited, middleware],
    security,
    request: {
      query: z.object({
        event: z.string().min(1).max(256).optional().openapi({ example: "sign-in-failed" }),
        user: id.openapi({ description: "The id of a user." }),
        session: id,
      }),
    },
    responses: {
      200: {
        description: "The stream. Lines that begin with a colon only keep it open.",
        content: {
          "text/event-stream": {
            schema: z
              .string()
              .openapi({ example: 'event: audit\ndata: {"records":[…],"skipped":false}\n\n' }),
          },
        },
      },
      ...problems(401, 403, 422, 429, 503),
    },
  });
  api.openapi(events, async (c) => {
    const { event, user, session } = c.req.valid("query");
    const identity = c.var.identity;
    const teller = new AuditTeller({
      ...(event !== undefined && { event }),
      ...(user !== undefined && { userId: user }),
      ...(session !== undefined && { sessionId: session }),
    });
    const stops = [await auditTail.listen(teller.tell), figureTail.listen(teller.tellFigures)];
    const stop = () => {
      for (const each of stops) each();
    };
    const last: Telling["last"] = () =>
      isStillRecent(identity.session, sessions.now()) ? undefined : { event: "reauth-required", data: {} };
    const stream = streams.open(identity.session, { begin: teller.begin(stop), last });
    if (typeof stream === "string") stop();
    return c.body(opened(stream), 200, streamed);
  });
}

/** Passes on what one client asked for, and says of what it missed that there was something. */
class AuditTeller {
  readonly #interest: AuditInterest;
  #send: Send = () => true;
  #missed = false;

  constructor(interest: AuditInterest) {
    this.#interest = interest;
  }

  begin(stop: () => void): Telling["begin"] {
    return (send) => {
      this.#send = send;
      return stop;
    };
  }

  /** Who reads slowly learns of the next ones. */
  readonly tellFigures = (): void => void this.#send({ event: "figures", data: {} });

  readonly tell = (news: AuditNews): void => {
    const records = news.records.filter((record) => isOfInterest(this.#interest, record));
    const skipped = news.skipped || this.#missed;
    if (records.length === 0 && !skipped) return;
    this.#missed = !this.#send({ event: "audit", data: { records: records.map(recordJson), skipped } });
  };
}
