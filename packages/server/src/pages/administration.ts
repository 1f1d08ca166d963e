/** Pages for administrators, whose password was typed a moment ago, before they look, too. */
import type { Hono, MiddlewareHandler } from "hono";
import { administrator } from "../accounts/demands.ts";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { adminAuditPages } from "./admin-audit-page.ts";
import { adminUserPages } from "./admin-user-page.ts";
import { adminUsersPages } from "./admin-users-page.ts";
import { requireRecentSignIn } from "./confirm-page.ts";
import { requireSignIn } from "./page-guard.ts";

/** The guard stands before all of them: no page can forget it. */
export function administration(app: Hono<AppEnv>, house: House): void {
  app.use("/admin/*", requireSignIn(house), requireAdministrator(house), requireRecentSignIn(house));
  adminUsersPages(app, house);
  adminUserPages(app, house);
  adminAuditPages(app, house);
}

function requireAdministrator({ accounts }: House): MiddlewareHandler<AppEnv> {
  const demand = administrator(accounts);
  return async (c, next) => {
    const problem = await demand(c.var.identity, c.var.auth);
    return problem ? answerProblem(problem, c) : next();
  };
}
