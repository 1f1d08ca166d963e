/** Changing the password, for programs. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { changePassword, type PasswordChange } from "../accounts/change-password.ts";
import type { AppEnv, House } from "../env.ts";
import {
  changedMeanwhile,
  faultOf,
  invalidInput,
  ProblemError,
  type ServerProblem,
  wrongPassword,
} from "../problems.ts";
import { signedInOnly } from "./api-guard.ts";
import { json, jsonBody, problems } from "./responses.ts";
import { csrfHeader } from "./schemas.ts";

export function passwordApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const route = createRoute({
    method: "post",
    path: "/api/password",
    tags: ["Account"],
    operationId: "changePassword",
    summary: "Change the password",
    description: "Ends all other sessions of the user and replaces the cookie of this one.",
    ...signedInOnly(house),
    request: {
      headers: csrfHeader,
      body: jsonBody(
        z.strictObject({
          currentPassword: z.string().min(1),
          newPassword: z
            .string()
            .min(1)
            .openapi({ description: "15 to 1024 characters, and not among the first guesses." }),
        }),
      ),
    },
    responses: {
      200: json(
        "Changed.",
        z.strictObject({
          message: z.string().openapi({ example: "Password changed" }),
          endedSessions: z.int(),
        }),
      ),
      ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(route, async (c) => {
    const { currentPassword, newPassword } = c.req.valid("json");
    const passwords = { current: currentPassword, next: newPassword };
    const change = await changePassword(house, c.var.auth, c.var.identity, passwords);
    if (!change.done) throw new ProblemError(problemOfChange(change));
    return c.json({ message: "Password changed", endedSessions: change.endedSessions }, 200);
  });
}

function problemOfChange(change: PasswordChange & { readonly done: false }): ServerProblem {
  switch (change.problem) {
    case "unacceptable":
      return invalidInput([faultOf("newPassword", change.fault)]);
    case "wrong-password":
      return wrongPassword();
    case "changed-meanwhile":
      return changedMeanwhile();
  }
}
