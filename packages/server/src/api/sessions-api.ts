/** The user's sessions, for programs. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { recentSignIn } from "../accounts/demands.ts";
import { endAllDevices, endDevice, endOtherDevices, listDevices } from "../accounts/devices.ts";
import { publicUser } from "../accounts/user.ts";
import { clearSiteData } from "../clear-site-data.ts";
import type { AppEnv, House } from "../env.ts";
import { notFound, ProblemError } from "../problems.ts";
import { recentlySignedInOnly, signedInOnly } from "./api-guard.ts";
import { json, problems } from "./responses.ts";
import { csrfHeader, dormantJson, dormantSchema, sessionJson, sessionSchema, userSchema } from "./schemas.ts";

const tags = ["Sessions"];
const needsRecent =
  "Demands that the password was typed within 10 minutes: else 403 `reauth-required`, see `POST /api/reauthenticate`.";
const ended = z.strictObject({ ended: z.int().openapi({ description: "How many sessions it ended." }) });

export function sessionsApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const guarded = signedInOnly(house);
  const recent = recentlySignedInOnly(house);

  const current = createRoute({
    method: "get",
    path: "/api/session",
    tags,
    operationId: "getSession",
    summary: "Who is signed in",
    ...guarded,
    responses: {
      200: json("This session and its user.", z.strictObject({ session: sessionSchema, user: userSchema })),
      ...problems(401, 429, 503),
    },
  });
  api.openapi(current, (c) => {
    const { session, user } = c.var.identity;
    return c.json({ session: sessionJson(session, true), user: publicUser(user) }, 200);
  });

  const list = createRoute({
    method: "get",
    path: "/api/sessions",
    tags,
    operationId: "listSessions",
    summary: "List the user's sessions and remembered browsers",
    description:
      "This session first, then the others, the last used first. `dormant` are browsers without a session that may come back without a password.",
    ...guarded,
    responses: {
      200: json(
        "The live sessions, and who may come back.",
        z.strictObject({ sessions: z.array(sessionSchema), dormant: z.array(dormantSchema) }),
      ),
      ...problems(401, 429, 503),
    },
  });
  api.openapi(list, async (c) => {
    const { identity, auth } = c.var;
    const { sessions, dormant } = await listDevices(auth, identity);
    const own = identity.session.id;
    return c.json(
      {
        sessions: sessions.map((each) => sessionJson(each, each.id === own)),
        dormant: dormant.map(dormantJson),
      },
      200,
    );
  });

  // Before the route with a parameter, which would take "others" for an id.
  const endOthers = createRoute({
    method: "delete",
    path: "/api/sessions/others",
    tags,
    operationId: "endOtherSessions",
    summary: "End all sessions but this one",
    description: needsRecent,
    ...recent,
    request: { headers: csrfHeader },
    responses: { 200: json("Ended.", ended), ...problems(401, 403, 429, 503) },
  });
  api.openapi(endOthers, async (c) => {
    return c.json({ ended: await endOtherDevices(c.var.auth, c.var.identity) }, 200);
  });

  const endOne = createRoute({
    method: "delete",
    path: "/api/sessions/{id}",
    tags,
    operationId: "endSession",
    summary: "End one session",
    description: `Ending this one signs out. For another one: ${needsRecent}`,
    ...guarded,
    request: { headers: csrfHeader, params: z.object({ id: z.string() }) },
    responses: { 200: json("Ended.", ended), ...problems(401, 403, 404, 429, 503) },
  });
  api.openapi(endOne, async (c) => {
    const { id } = c.req.valid("param");
    const { identity, auth } = c.var;
    const isOwn = id === identity.session.id;
    const problem = isOwn ? undefined : await recentSignIn(identity, auth);
    if (problem) throw new ProblemError(problem);
    if (!(await endDevice(auth, identity, id))) {
      throw new ProblemError(notFound("You have no session of this id."));
    }
    if (isOwn) clearSiteData(c);
    return c.json({ ended: 1 }, 200);
  });

  const endAll = createRoute({
    method: "delete",
    path: "/api/sessions",
    tags,
    operationId: "endAllSessions",
    summary: "End all sessions, this one too",
    description: needsRecent,
    ...recent,
    request: { headers: csrfHeader },
    responses: { 200: json("Ended, and signed out.", ended), ...problems(401, 403, 429, 503) },
  });
  api.openapi(endAll, async (c) => {
    const count = await endAllDevices(c.var.auth, c.var.identity);
    clearSiteData(c);
    return c.json({ ended: count }, 200);
  });
}
