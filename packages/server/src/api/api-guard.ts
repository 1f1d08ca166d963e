/** Routes of the API that only a signed-in user may call. */
import { correlated, type Problem } from "coatcheck";
import type { Context, MiddlewareHandler } from "hono";
import { administrator, type Demand, recentSignIn, recentSignInUnused } from "../accounts/demands.ts";
import { identify, identifyUnused } from "../accounts/identify.ts";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { notSignedIn, unidentified } from "../problems.ts";

/** For route definitions: the guard, and that the document says so. */
export interface Guarded {
  readonly middleware: MiddlewareHandler<AppEnv>;
  readonly security: { session: string[] }[];
}

export function signedInOnly(house: House): Guarded {
  return guarded(house, []);
}

/** For what a stranger at a screen that was left alone must not do: demands the password again after 10 minutes. */
export function recentlySignedInOnly(house: House): Guarded {
  return guarded(house, [recentSignIn]);
}

export function administratorsOnly(house: House): Guarded {
  return guarded(house, [administrator(house.accounts), recentSignIn]);
}

/** For what a page asks for by itself while it is looked at: that is no use of the session, and keeps nobody signed in. */
export function onlookingAdministratorsOnly(house: House): Guarded {
  return { middleware: requireOnlooker(house), security: [{ session: [] }] };
}

function guarded(house: House, demands: readonly Demand[]): Guarded {
  return { middleware: requireUser(house, demands), security: [{ session: [] }] };
}

/** Unsafe calls must also carry the session's CSRF token in `X-CSRF-Token`: no route can forget it. */
function requireUser({ accounts }: House, demands: readonly Demand[]): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const found = await identify(accounts, c.var.auth);
    if (!found.signedIn) return answerProblem(unidentified(found), c);
    c.set("identity", found.identity);
    const problem = (await c.var.auth.checkCsrfToken()) ?? (await unmet(demands, c));
    if (problem) return answerProblem(problem, c);
    await correlated({ by: found.identity.user.id }, next);
  };
}

export function requireOnlooker({ accounts }: House): MiddlewareHandler<AppEnv> {
  const demands = [administrator(accounts), recentSignInUnused];
  return async (c, next) => {
    const identity = await identifyUnused(accounts, c.var.auth);
    if (!identity) return answerProblem(notSignedIn(undefined), c);
    c.set("identity", identity);
    const problem = await unmet(demands, c);
    if (problem) return answerProblem(problem, c);
    await correlated({ by: identity.user.id }, next);
  };
}

async function unmet(demands: readonly Demand[], c: Context<AppEnv>): Promise<Problem | undefined> {
  for (const demand of demands) {
    const problem = await demand(c.var.identity, c.var.auth);
    if (problem) return problem;
  }
  return undefined;
}
