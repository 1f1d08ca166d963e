/** A forgotten password, for programs. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type ForgottenPassword, forgotPassword } from "../accounts/forgot-password.ts";
import { resetPassword } from "../accounts/reset-password.ts";
import type { AppEnv, House } from "../env.ts";
import {
  faultOf,
  invalidInput,
  noMail,
  ProblemError,
  type ServerProblem,
  tooManyResets,
} from "../problems.ts";
import { json, jsonBody, problems } from "./responses.ts";
import { messageSchema } from "./schemas.ts";

const tags = ["Account"];

export function passwordResetApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const forgot = createRoute({
    method: "post",
    path: "/api/password/forgot",
    tags,
    operationId: "forgotPassword",
    summary: "Ask for a reset mail",
    description:
      "Sends a mail with a link to whoever has this address. The answer is the same whether or not anybody has it.",
    request: {
      body: jsonBody(z.strictObject({ email: z.string().min(1).openapi({ example: "ada@example.com" }) })),
    },
    responses: {
      202: json(
        "Asked for.",
        messageSchema("If there is an account with this address, a mail is on its way"),
      ),
      ...problems(400, 403, 413, 415, 422, 429, 501, 503),
    },
  });
  api.openapi(forgot, async (c) => {
    const asked = await forgotPassword(house, c.var.auth.client, c.req.valid("json").email);
    if (!asked.done) throw new ProblemError(problemOf(asked));
    return c.json({ message: "If there is an account with this address, a mail is on its way" }, 202);
  });

  const reset = createRoute({
    method: "post",
    path: "/api/password/reset",
    tags,
    operationId: "resetPassword",
    summary: "Choose a new password",
    description:
      "With the code of the mail, which stands behind the `#` of its link. It works once, within 15 minutes. Ends all sessions of the user, and begins none.",
    request: {
      body: jsonBody(z.strictObject({ code: z.string().min(1), newPassword: z.string().min(1) })),
    },
    responses: {
      200: json("Changed.", messageSchema("Password changed")),
      ...problems(400, 403, 413, 415, 422, 503),
    },
  });
  api.openapi(reset, async (c) => {
    const { code, newPassword: password } = c.req.valid("json");
    const result = await resetPassword(house, c.var.auth.client, { code, password });
    if (result.done) return c.json({ message: "Password changed" }, 200);
    throw new ProblemError(
      invalidInput([
        result.problem === "unacceptable"
          ? faultOf("newPassword", result.fault)
          : faultOf("code", "reset-code-bad"),
      ]),
    );
  });
}

function problemOf(asked: ForgottenPassword & { readonly done: false }): ServerProblem {
  switch (asked.problem) {
    case "no-mail":
      return noMail();
    case "unacceptable":
      return invalidInput([faultOf("email", asked.fault)]);
    case "too-often":
      return tooManyResets(asked.retryAfterSeconds);
  }
}
