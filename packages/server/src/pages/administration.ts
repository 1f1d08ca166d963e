/** Pages for administrators, whose password was typed a moment ago, before they look, too. */
import type { Hono, MiddlewareHandler } from "hono";
import { administrator } from "../accounts/demands.ts";
import { answerProblem } from "../answer.ts";
import { requireOnlooker } from "../api/api-guard.ts";
import type { AppEnv, House } from "../env.ts";
import { adminAuditPages } from "./admin-audit-page.ts";
import { adminOverviewPage } from "./admin-overview-page.ts";
import { adminSessionsPages } from "./admin-sessions-page.ts";
import { adminUserPages } from "./admin-user-page.ts";
import { adminUsersPages } from "./admin-users-page.ts";
import { requireRecentSignIn } from "./confirm-page.ts";
import { partOf } from "./live-part.ts";
import { requireSignIn } from "./page-guard.ts";

/** The guards stand before all of them: no page, and no part of one that keeps itself up to date, can forget it. */
export function administration(app: Hono<AppEnv>, house: House): void {
  app.use(partOf("/admin/*"), requireOnlooker(house));
  app.use("/admin/*", requireSignIn(house), requireAdministrator(house), requireRecentSignIn(house));
  adminOverviewPage(app, house);
  adminUsersPages(app, house);
  adminUserPages(app, house);
  adminSessionsPages(app, house);
  adminAuditPages(app, house);
}

function requireAdministrator({ accounts }: House): MiddlewareHandler<AppEnv> {
  const demand = administrator(accounts);
  return async (c, next) => {
    const problem = await demand(c.var.identity, c.var.auth);
    return problem ? answerProblem(problem, c) : next();
  };
}
