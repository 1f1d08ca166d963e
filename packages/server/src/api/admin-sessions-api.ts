/** Anybody's sessions, for administrators. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parseSessionId } from "coatcheck";
import type { AppEnv, House } from "../env.ts";
import { notFound, ProblemError } from "../problems.ts";
import { administratorsOnly } from "./api-guard.ts";
import { json, problems } from "./responses.ts";
import {
  accountJson,
  accountSchema,
  csrfHeader,
  dormantJson,
  dormantSchema,
  sessionJson,
  sessionSchema,
} from "./schemas.ts";

const tags = ["Administration"];

export function adminSessionsApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { accounts, sessions } = house;
  const guarded = administratorsOnly(house);

  const search = createRoute({
    method: "get",
    path: "/api/admin/sessions",
    tags,
    operationId: "findSessions",
    summary: "Find the sessions of somebody",
    ...guarded,
    request: {
      query: z.object({ email: z.string().min(1).openapi({ example: "ada@example.com" }) }),
    },
    responses: {
      200: json(
        "The user, their live sessions, and the browsers that may come back without a password.",
        z.strictObject({
          user: accountSchema,
          sessions: z.array(sessionSchema),
          dormant: z.array(dormantSchema),
        }),
      ),
      ...problems(401, 403, 404, 422, 429, 503),
    },
  });
  api.openapi(search, async (c) => {
    const user = await accounts.findByEmail(c.req.valid("query").email);
    if (!user) throw new ProblemError(notFound("Nobody has this address."));
    const found = await sessions.devices(user.id);
    const own = c.var.identity.session.id;
    return c.json(
      {
        user: accountJson(user),
        sessions: found.sessions.map((each) => sessionJson(each, each.id === own)),
        dormant: found.dormant.map(dormantJson),
      },
      200,
    );
  });

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
