/** What happened: everything, for administrators; what concerns oneself, for everybody. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AuditQuery, type AuditRecord, parseCursor } from "coatcheck";
import type { AppEnv, House } from "../env.ts";
import { invalidInput, ProblemError } from "../problems.ts";
import { administratorsOnly, signedInOnly } from "./api-guard.ts";
import { recordJson } from "./audit-record-json.ts";
import { json, problems } from "./responses.ts";

const largestPage = 200;

const time = z.iso.datetime({ offset: true });

const recordSchema = z
  .strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    event: z.string().openapi({ example: "created" }),
    userId: z.string().optional().openapi({ description: "Whom it is about." }),
    sessionId: z.string().optional(),
    device: z.string().optional().openapi({ example: "Firefox on Windows" }),
    ip: z.string().optional(),
    userAgent: z.string().optional(),
    reason: z.string().optional().openapi({ example: "logout" }),
    correlationId: z.string().optional().openapi({ description: "Names the request in the server's log." }),
    details: z.record(z.string(), z.unknown()).optional().openapi({
      description: "What else is known; `by` is the user who did it to somebody else.",
    }),
  })
  .openapi("AuditRecord");

const historySchema = recordSchema.omit({ userId: true, correlationId: true, details: true });

const paging = {
  limit: z.coerce.number().int().min(1).max(largestPage).default(50),
  cursor: z.string().max(100).optional().openapi({ description: "The `next` of the page before." }),
  event: z.string().min(1).max(256).optional().openapi({ example: "sign-in-failed" }),
};

const next = z.string().optional().openapi({ description: "Where the next page begins, if there is one." });

export function auditApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { audit } = house;

  const list = createRoute({
    method: "get",
    path: "/api/admin/audit",
    tags: ["Administration"],
    operationId: "listAuditRecords",
    summary: "Find out what happened",
    description: "The newest first, page by page. A record is here a moment after it happened.",
    ...administratorsOnly(house),
    request: {
      query: z.object({
        ...paging,
        user: z.string().min(1).max(256).optional().openapi({ description: "The id of a user." }),
        session: z.string().min(1).max(256).optional(),
        from: time.optional().openapi({ description: "From this moment on." }),
        to: time.optional().openapi({ description: "Before this moment." }),
      }),
    },
    responses: {
      200: json("A page of records.", z.strictObject({ records: z.array(recordSchema), next })),
      ...problems(401, 403, 422, 429, 503),
    },
  });
  api.openapi(list, async (c) => {
    const { limit, cursor, event, user, session, from, to } = c.req.valid("query");
    const page = await audit.query({
      limit,
      ...placeOf(cursor),
      ...(event !== undefined && { event }),
      ...(user !== undefined && { userId: user }),
      ...(session !== undefined && { sessionId: session }),
      ...(from !== undefined && { from: Date.parse(from) }),
      ...(to !== undefined && { to: Date.parse(to) }),
    });
    return c.json({ records: page.records.map(recordJson), ...(page.next && { next: page.next }) }, 200);
  });

  const history = createRoute({
    method: "get",
    path: "/api/history",
    tags: ["Sessions"],
    operationId: "listHistory",
    summary: "What happened to the user's account and sessions",
    description: "The newest first, page by page. `event=created` are the sign-ins alone.",
    ...signedInOnly(house),
    request: { query: z.object(paging) },
    responses: {
      200: json("A page of the history.", z.strictObject({ history: z.array(historySchema), next })),
      ...problems(401, 422, 429, 503),
    },
  });
  api.openapi(history, async (c) => {
    const { limit, cursor, event } = c.req.valid("query");
    const { id: userId } = c.var.identity.user;
    const page = await audit.query({
      limit,
      userId,
      ...placeOf(cursor),
      ...(event !== undefined && { event }),
    });
    return c.json({ history: page.records.map(historyJson), ...(page.next && { next: page.next }) }, 200);
  });
}

function placeOf(cursor: string | undefined): Pick<AuditQuery, "cursor"> {
  if (cursor === undefined) return {};
  if (parseCursor(cursor)) return { cursor };
  throw new ProblemError(invalidInput([{ field: "cursor", message: "It is not the `next` of a page." }]));
}

/** Where somebody else did it, for example an administrator, their address is nothing to tell. */
function historyJson(record: AuditRecord): z.infer<typeof historySchema> {
  const { client, ...withoutClient } = record;
  const isByAnother = record.details?.by !== undefined;
  const {
    userId: _,
    correlationId: __,
    details: ___,
    ...shown
  } = recordJson(isByAnother ? withoutClient : record);
  return shown;
}
