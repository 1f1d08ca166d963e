/** Routes of the API that only a signed-in user may call. */
import type { Problem } from "coatcheck";
import type { MiddlewareHandler } from "hono";
import { identify } from "../accounts/identify.ts";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { notSignedIn } from "../problems.ts";

/** For route definitions: the guard, and that the document says so. */
export interface Guarded {
  readonly middleware: MiddlewareHandler<AppEnv>;
  readonly security: { session: string[] }[];
}

export function signedInOnly(house: House): Guarded {
  return { middleware: requireUser(house), security: [{ session: [] }] };
}

/** Unsafe calls must also carry the session's CSRF token in `X-CSRF-Token`: no route can forget it. */
function requireUser({ accounts }: House): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const found = await identify(accounts, c.var.auth);
    const problem: Problem | undefined = found.signedIn
      ? await c.var.auth.checkCsrfToken()
      : notSignedIn(found.reason);
    if (problem) return answerProblem(problem, c);
    if (found.signedIn) c.set("identity", found.identity);
    await next();
  };
}
