/** Anybody's sessions, for administrators. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  parseDirectoryCursor,
  parseSessionId,
  type SessionId,
  type SessionSort,
  type TimeSpan,
} from "coatcheck";
import { type FoundSession, searchSessions, sessionSorts } from "../accounts/search-sessions.ts";
import type { AppEnv, House } from "../env.ts";
import { invalidInput, notFound, ProblemError } from "../problems.ts";
import { administratorsOnly } from "./api-guard.ts";
import { json, problems } from "./responses.ts";
import {
  accountJson,
  accountSchema,
  csrfHeader,
  dormantJson,
  dormantSchema,
  type FoundSessionJson,
  foundSessionSchema,
  sessionJson,
} from "./schemas.ts";

const tags = ["Administration"];
const largestPage = 200;

const text = z.string().min(1).max(256).optional();
const time = z.iso.datetime({ offset: true }).optional();
const cursor = z.string().max(1_024).optional();

const searchQuery = z.object({
  email: text.openapi({ description: "All sessions of one user; no other parameter counts then." }),
  user: text.openapi({ description: "An e-mail address, a part of one that only one user has, or an id." }),
  address: text.openapi({
    description: "An IP address, or the beginning of one that ends with `.` or `:`.",
    example: "203.0.113.",
  }),
  device: text.openapi({ description: "Words of its name or its user agent.", example: "Firefox Windows" }),
  from: time.openapi({ description: "Signed in from this moment on." }),
  to: time.openapi({ description: "Signed in before this moment." }),
  activeFrom: time.openapi({ description: "Last active from this moment on." }),
  activeTo: time.openapi({ description: "Last active before this moment." }),
  sort: z.enum(sessionSorts).default("last-active").openapi({
    description: "`last-active` is accurate to ten minutes across pages.",
  }),
  direction: z.enum(["ascending", "descending"]).optional().openapi({
    description: "Default: the latest first; users ascending.",
  }),
  after: cursor.openapi({ description: "The `next` of another page of the same search." }),
  before: cursor.openapi({ description: "The `previous` of another page of the same search." }),
  limit: z.coerce.number().int().min(1).max(largestPage).default(50),
});

export function adminSessionsApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { accounts, sessions } = house;
  const guarded = administratorsOnly(house);

  const search = createRoute({
    method: "get",
    path: "/api/admin/sessions",
    tags,
    operationId: "findSessions",
    summary: "Find sessions",
    description:
      "All live sessions that fit, page by page. Where sessions are kept in Redis or in memory, a session may come up or change here up to a minute late; one that has ended is not shown. With `email` instead: all of one user, as they are now, and the browsers that may come back without a password.",
    ...guarded,
    request: { query: searchQuery },
    responses: {
      200: json(
        "The sessions. `user` and `dormant` are there if it was asked by `email`.",
        z.strictObject({
          sessions: z.array(foundSessionSchema),
          next: z.string().optional().openapi({ description: "For `after`: leads on, if there is more." }),
          previous: z.string().optional().openapi({ description: "For `before`: leads back." }),
          user: accountSchema.optional(),
          dormant: z.array(dormantSchema).optional(),
        }),
      ),
      ...problems(401, 403, 404, 422, 429, 503),
    },
  });
  api.openapi(search, async (c) => {
    const { email, from, to, activeFrom, activeTo, ...asked } = c.req.valid("query");
    const own = c.var.identity.session.id;
    if (email !== undefined) return c.json(await allOf(email, own), 200);
    assertPlace(asked);
    const found = await searchSessions(house, {
      ...asked,
      signedIn: spanOf(from, to),
      lastActive: spanOf(activeFrom, activeTo),
    });
    return c.json(
      {
        sessions: found.sessions.map((each) => foundJson(each, own)),
        ...(found.next && { next: found.next }),
        ...(found.previous && { previous: found.previous }),
      },
      200,
    );
  });

  async function allOf(email: string, own: SessionId) {
    const user = await accounts.findByEmail(email);
    if (!user) throw new ProblemError(notFound("Nobody has this address."));
    const found = await sessions.devices(user.id);
    return {
      user: accountJson(user),
      sessions: found.sessions.map((each) => ({
        ...sessionJson(each, each.id === own),
        user: { id: user.id, email: user.email },
      })),
      dormant: found.dormant.map(dormantJson),
    };
  }

  const end = createRoute({
    method: "delete",
    path: "/api/admin/sessions/{id}",
    tags,
    operationId: "endAnySession",
    summary: "End a session of anybody",
    ...guarded,
    request: { headers: csrfHeader, params: z.object({ id: z.string() }) },
    responses: {
      200: json("Ended.", z.strictObject({ ended: z.int() })),
      ...problems(401, 403, 404, 429, 503),
    },
  });
  api.openapi(end, async (c) => {
    const id = parseSessionId(c.req.valid("param").id);
    if (!id || !(await sessions.revoke(id)))
      throw new ProblemError(notFound("There is no session of this id."));
    return c.json({ ended: 1 }, 200);
  });
}

function assertPlace(asked: {
  sort: SessionSort;
  after?: string | undefined;
  before?: string | undefined;
}): void {
  const { sort, after, before } = asked;
  for (const [field, cursor] of Object.entries({ after, before })) {
    if (cursor !== undefined && !parseDirectoryCursor(cursor, sort))
      throw new ProblemError(invalidInput([{ field, message: "It is no cursor of a page in this order." }]));
  }
  if (after !== undefined && before !== undefined)
    throw new ProblemError(invalidInput([{ field: "before", message: "Give one of `after` and `before`." }]));
}

function spanOf(from: string | undefined, to: string | undefined): TimeSpan {
  return {
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  };
}

function foundJson(session: FoundSession, own: SessionId): FoundSessionJson {
  const { user, userId } = session;
  return {
    ...sessionJson(session, session.id === own),
    user: { id: userId, ...(user && { email: user.email }) },
  };
}
