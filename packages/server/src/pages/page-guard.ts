/** Pages that only a signed-in person sees. */
import { correlated } from "coatcheck";
import type { Context, MiddlewareHandler } from "hono";
import { identify } from "../accounts/identify.ts";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { unidentified } from "../problems.ts";

/**
 * Sends everybody else to the sign-in page, which tells why, and back afterwards. Forms must carry the session's CSRF
 * token: it is checked here, so that no page can forget it.
 */
export function requireSignIn({ accounts }: House): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const found = await identify(accounts, c.var.auth);
    if (!found.signedIn) {
      return found.retryAfter === undefined
        ? c.redirect(signInPath(c), 303)
        : answerProblem(unidentified(found), c);
    }
    const problem = await c.var.auth.checkCsrfToken();
    if (problem) return answerProblem(problem, c);
    c.set("identity", found.identity);
    await correlated({ by: found.identity.user.id }, next);
  };
}

/** A form that comes too late cannot be sent again by a redirect, so only pages are returned to. */
export function signInPath(c: Context<AppEnv>): string {
  return c.req.method === "GET" ? `/login?next=${encodeURIComponent(c.req.path)}` : "/login";
}
