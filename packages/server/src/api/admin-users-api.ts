/** The users, for administrators. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { changeRights } from "../accounts/change-rights.ts";
import { emailFault } from "../accounts/email.ts";
import { createUser, invite } from "../accounts/invite-user.ts";
import { listUsers } from "../accounts/list-users.ts";
import { type Rights, tidyRoles, type User, userRoles } from "../accounts/user.ts";
import type { AppEnv, House } from "../env.ts";
import {
  addressTaken,
  faultOf,
  forbidden,
  invalidInput,
  noLinkFor,
  notFound,
  ownRights,
  ProblemError,
} from "../problems.ts";
import { administratorsOnly } from "./api-guard.ts";
import { json, jsonBody, problems } from "./responses.ts";
import { accountJson, accountSchema, csrfHeader, sessionJson, sessionSchema } from "./schemas.ts";

const tags = ["Administration"];
const largestPage = 200;

const roles = z
  .array(z.enum(userRoles))
  .max(userRoles.length)
  .openapi({ description: "Everybody is a `user`, named or not.", example: ["admin"] });
const endedSessions = z.int().openapi({ description: "How many sessions of the user it ended." });
const invitation = {
  setupLink: z.string().openapi({
    description:
      "Good once. Whoever has it may choose the password: hand it over on a way that nobody else reads.",
    example: "https://sign-in.example.com/reset#…",
  }),
  expiresAt: z.iso.datetime(),
};
const idInPath = z.object({ id: z.string() });

export function adminUsersApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { accounts, sessions } = house;
  const guarded = administratorsOnly(house);

  const list = createRoute({
    method: "get",
    path: "/api/admin/users",
    tags,
    operationId: "listUsers",
    summary: "List the users",
    description: "In the order of their addresses, page by page.",
    ...guarded,
    request: {
      query: z.object({
        limit: z.coerce.number().int().min(1).max(largestPage).default(50),
        cursor: z.string().max(1024).optional().openapi({ description: "The `next` of the page before." }),
        search: z
          .string()
          .max(254)
          .optional()
          .openapi({ description: "Only those whose address contains this.", example: "@example.com" }),
      }),
    },
    responses: {
      200: json(
        "A page of users.",
        z.strictObject({
          users: z.array(accountSchema),
          next: z
            .string()
            .optional()
            .openapi({ description: "Where the next page begins, if there is one." }),
        }),
      ),
      ...problems(401, 403, 422, 429, 503),
    },
  });
  api.openapi(list, async (c) => {
    const { users, next } = await listUsers(accounts, c.req.valid("query"));
    return c.json({ users: users.map(accountJson), ...(next && { next }) }, 200);
  });

  const create = createRoute({
    method: "post",
    path: "/api/admin/users",
    tags,
    operationId: "createUser",
    summary: "Create a user",
    description: "The user chooses a password by the link. Hand it over; it is shown this once.",
    ...guarded,
    request: {
      headers: csrfHeader,
      body: jsonBody(
        z.strictObject({
          email: z.string().openapi({ example: "grace@example.com" }),
          roles: roles.default([]),
        }),
      ),
    },
    responses: {
      201: json("Created.", z.strictObject({ user: accountSchema, ...invitation })),
      ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(create, async (c) => {
    const { email, roles } = c.req.valid("json");
    const fault = emailFault(email);
    if (fault) throw new ProblemError(invalidInput([faultOf("email", fault)]));
    const user = await createUser(accounts, email, tidyRoles(roles));
    if (!user) throw new ProblemError(addressTaken());
    return c.json({ user: accountJson(user), ...(await linkFor(user)) }, 201);
  });

  const makeLink = createRoute({
    method: "post",
    path: "/api/admin/users/{id}/setup-link",
    tags,
    operationId: "makeSetupLink",
    summary: "Make a new link by which a user chooses a password",
    description:
      "For who lost the first one, or the password. It voids those before, and is shown this once.",
    ...guarded,
    request: { headers: csrfHeader, params: idInPath },
    responses: {
      200: json("Made.", z.strictObject(invitation)),
      ...problems(401, 403, 404, 409, 429, 503),
    },
  });
  api.openapi(makeLink, async (c) => {
    const user = await userOf(c.req.valid("param").id);
    return c.json(await linkFor(user), 200);
  });

  const change = createRoute({
    method: "patch",
    path: "/api/admin/users/{id}",
    tags,
    operationId: "changeUser",
    summary: "Change what a user may do",
    description:
      "Other roles, or being disabled, end all sessions of the user at once. Nobody changes their own rights.",
    ...guarded,
    request: {
      headers: csrfHeader,
      params: idInPath,
      body: jsonBody(z.strictObject({ roles: roles.optional(), disabled: z.boolean().optional() })),
    },
    responses: {
      200: json("Changed.", z.strictObject({ user: accountSchema, endedSessions })),
      ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(change, async (c) => {
    const user = await userOf(c.req.valid("param").id);
    const { user: by } = c.var.identity;
    if (user.id === by.id) throw new ProblemError(ownRights());
    const changed = await changeRights(accounts, sessions, user, rightsOf(c.req.valid("json")), by);
    if (!changed) throw new ProblemError(forbidden());
    return c.json({ user: accountJson(changed.user), endedSessions: changed.endedSessions }, 200);
  });

  const listSessions = createRoute({
    method: "get",
    path: "/api/admin/users/{id}/sessions",
    tags,
    operationId: "listSessionsOfUser",
    summary: "List a user's sessions",
    ...guarded,
    request: { params: idInPath },
    responses: {
      200: json("The live sessions.", z.strictObject({ sessions: z.array(sessionSchema) })),
      ...problems(401, 403, 404, 429, 503),
    },
  });
  api.openapi(listSessions, async (c) => {
    const user = await userOf(c.req.valid("param").id);
    const found = await sessions.list(user.id);
    const own = c.var.identity.session.id;
    return c.json({ sessions: found.map((each) => sessionJson(each, each.id === own)) }, 200);
  });

  const endSessions = createRoute({
    method: "delete",
    path: "/api/admin/users/{id}/sessions",
    tags,
    operationId: "endSessionsOfUser",
    summary: "End all sessions of a user",
    ...guarded,
    request: { headers: csrfHeader, params: idInPath },
    responses: {
      200: json("Ended.", z.strictObject({ ended: endedSessions })),
      ...problems(401, 403, 404, 429, 503),
    },
  });
  api.openapi(endSessions, async (c) => {
    const user = await userOf(c.req.valid("param").id);
    return c.json({ ended: await sessions.revokeAll(user.id) }, 200);
  });

  async function linkFor(user: User): Promise<{ setupLink: string; expiresAt: string }> {
    const made = user.disabled ? undefined : await invite(accounts, user, house.origin, sessions.now());
    if (!made) throw new ProblemError(noLinkFor(user.disabled));
    return { setupLink: made.setupLink, expiresAt: new Date(made.expiresAt).toISOString() };
  }

  async function userOf(id: string): Promise<User> {
    const user = await accounts.find(id);
    if (!user) throw new ProblemError(notFound("There is no user of this id."));
    return user;
  }
}

function rightsOf(change: { roles?: string[] | undefined; disabled?: boolean | undefined }): Partial<Rights> {
  const { roles, disabled } = change;
  return { ...(roles && { roles: tidyRoles(roles) }), ...(disabled !== undefined && { disabled }) };
}
