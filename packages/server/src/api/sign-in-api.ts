/** Signing in and out, for programs. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { reauthenticate } from "../accounts/change-password.ts";
import { signIn, signOut } from "../accounts/sign-in.ts";
import { publicUser } from "../accounts/user.ts";
import { clearSiteData } from "../clear-site-data.ts";
import type { AppEnv, House } from "../env.ts";
import { invalidCredentials, ProblemError, wrongPassword } from "../problems.ts";
import { signedInOnly } from "./api-guard.ts";
import { json, jsonBody, problems } from "./responses.ts";
import { csrfHeader, messageSchema, sessionJson, sessionSchema, userSchema } from "./schemas.ts";

const tags = ["Sign-in"];

export function signInApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const { accounts } = house;

  const login = createRoute({
    method: "post",
    path: "/api/login",
    tags,
    operationId: "signIn",
    summary: "Sign in",
    description:
      "Sets the session cookie, and that of a remembered browser if asked. It needs neither a CSRF token nor a cookie.",
    request: {
      body: jsonBody(
        z.strictObject({
          email: z.string().min(1).openapi({ example: "ada@example.com" }),
          password: z.string().min(1).openapi({ example: "tea kettle upstairs window" }),
          remember: z.boolean().optional().openapi({
            description:
              "Whether the browser may come back without the password, for 30 days. Default false.",
          }),
        }),
      ),
    },
    responses: {
      200: json(
        "Signed in.",
        z.strictObject({ message: z.string().openapi({ example: "Login successful" }), user: userSchema }),
      ),
      ...problems(400, 401, 403, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(login, async (c) => {
    const user = await signIn(house, c.var.auth, c.req.valid("json"));
    if (!user) throw new ProblemError(invalidCredentials());
    return c.json({ message: "Login successful", user: publicUser(user) }, 200);
  });

  const logout = createRoute({
    method: "post",
    path: "/api/logout",
    tags,
    operationId: "signOut",
    summary: "Sign out",
    description:
      "Ends the session for good and clears the cookie. Without a session it only clears the cookie.",
    request: { headers: csrfHeader },
    responses: {
      200: json("Signed out.", messageSchema("Logout successful")),
      ...problems(403, 429, 503),
    },
  });
  api.openapi(logout, async (c) => {
    const problem = await c.var.auth.checkCsrfToken({ resume: false });
    if (problem) throw new ProblemError(problem);
    await signOut(c.var.auth);
    clearSiteData(c);
    return c.json({ message: "Logout successful" }, 200);
  });

  const confirm = createRoute({
    method: "post",
    path: "/api/reauthenticate",
    tags,
    operationId: "reauthenticate",
    summary: "Confirm the password",
    description: "Makes the sign-in recent again and replaces the session cookie.",
    ...signedInOnly(house),
    request: {
      headers: csrfHeader,
      body: jsonBody(z.strictObject({ password: z.string().min(1) })),
    },
    responses: {
      200: json("Confirmed.", z.strictObject({ session: sessionSchema })),
      ...problems(400, 401, 403, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(confirm, async (c) => {
    const { user } = c.var.identity;
    const session = await reauthenticate(accounts, c.var.auth, user, c.req.valid("json").password);
    if (!session) throw new ProblemError(wrongPassword());
    return c.json({ session: sessionJson(session, true) }, 200);
  });

  const csrf = createRoute({
    method: "get",
    path: "/api/csrf",
    tags,
    operationId: "getCsrfToken",
    summary: "Get a CSRF token",
    description:
      "Send it as `X-CSRF-Token` with every call of this session that changes something. It stays valid as long as the session.",
    ...signedInOnly(house),
    responses: {
      200: json("A token of this session.", z.strictObject({ csrfToken: z.string() })),
      ...problems(401, 429, 503),
    },
  });
  api.openapi(csrf, async (c) => c.json({ csrfToken: await c.var.auth.csrfToken() }, 200));
}
