/** The JSON API: the same deeds as the pages. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { type FieldError, invalidInput } from "../problems.ts";
import { accountApi } from "./account-api.ts";
import { adminEventsApi } from "./admin-events-api.ts";
import { adminFiguresApi } from "./admin-figures-api.ts";
import { adminSessionsApi } from "./admin-sessions-api.ts";
import { adminUsersApi } from "./admin-users-api.ts";
import { auditApi } from "./audit-api.ts";
import { passwordApi } from "./password-api.ts";
import { passwordResetApi } from "./password-reset-api.ts";
import { sessionEventsApi } from "./session-events-api.ts";
import { sessionsApi } from "./sessions-api.ts";
import { signInApi } from "./sign-in-api.ts";

export function createApi(house: House): OpenAPIHono<AppEnv> {
  const api = new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => {
      if (!result.success) return answerProblem(invalidInput(result.error.issues.map(fieldError)), c);
    },
  });
  signInApi(api, house);
  sessionsApi(api, house);
  sessionEventsApi(api, house);
  accountApi(api, house);
  passwordApi(api, house);
  passwordResetApi(api, house);
  adminUsersApi(api, house);
  adminSessionsApi(api, house);
  auditApi(api, house);
  adminEventsApi(api, house);
  adminFiguresApi(api, house);
  return api;
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

const longestMessage = 200;

/** An unknown field is named as such; the message never repeats a value. */
function fieldError(issue: unknown): FieldError {
  const { path, message, keys } = issue as Issue;
  const field = [...path, ...(keys?.slice(0, 1) ?? [])].join(".");
  return { field: field.slice(0, longestMessage), message: message.slice(0, longestMessage) };
}
