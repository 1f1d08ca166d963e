/** Asking for the password again, where it was typed long ago and more than looking around is asked for. */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { reauthenticate } from "../accounts/change-password.ts";
import { recentSignIn } from "../accounts/demands.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import { errorSummary, type FormError, field, formError, readFields, readForm } from "./form.ts";
import { html } from "./html.ts";
import { page } from "./layout.ts";
import { nextPath } from "./next-path.ts";
import { requireSignIn } from "./page-guard.ts";
import { ticket } from "./parts.ts";
import { Throttled, unlessThrottled } from "./throttled.ts";

const passwordField = "current_password";

/** Where a page is asked for that demands the password again, this leads to it. */
export function confirmRoute(app: Hono<AppEnv>, house: House): void {
  app.post("/confirm", requireSignIn(house), requireRecentSignIn(house), async (c) => {
    const form = await readForm(c);
    return c.redirect(nextPath(form("next")) ?? "/", 303);
  });
}

/**
 * After `requireSignIn`. Whoever signed in long ago gets the form that they sent back with a field for the password: sent
 * again with the right one, it does what was asked. Where they asked for a page, the form leads to it.
 */
export function requireRecentSignIn({ accounts }: House): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { auth, identity } = c.var;
    const problem = await recentSignIn(identity, auth);
    if (!problem) return next();
    // The session has ended elsewhere. The sign-in page tells why.
    if (problem.status === 401) return c.redirect("/login", 303);
    if (c.req.method === "GET") return confirmPage(c, pageAsked(c), "/confirm");
    const fields = await readFields(c);
    const password = fields.get(passwordField);
    if (password === undefined) return confirmPage(c, fields, c.req.path);
    const confirming = password && reauthenticate(accounts, auth, identity.user, password);
    const session = confirming && (await unlessThrottled(c, confirming));
    if (session instanceof Throttled) return confirmPage(c, fields, c.req.path, [session.error], 429);
    if (!session)
      return confirmPage(c, fields, c.req.path, [formError(c.var.words, passwordField, "not-your-password")]);
    c.set("identity", { ...identity, session });
    await next();
  };
}

/** The page with what was looked for in it, where that can be led to. */
function pageAsked(c: Context<AppEnv>): ReadonlyMap<string, string> {
  const { pathname, search } = new URL(c.req.url);
  return new Map([["next", nextPath(pathname + search) ?? pathname]]);
}

function confirmPage(
  c: Context<AppEnv>,
  fields: ReadonlyMap<string, string>,
  action: string,
  errors: readonly FormError[] = [],
  status: 403 | 429 = 403,
): Promise<Response> {
  const { words } = c.var;
  const { title, lead, password, submit } = words.confirm;
  const asked = [...fields].filter(([name]) => name !== "csrf_token" && name !== passwordField);
  return page(c, (csrf) => ({
    title,
    width: "narrow",
    status,
    failed: errors.length > 0,
    scripts: [assets.passwordReveal, assets.waitCountdown],
    path: "/devices",
    body: ticket({
      title,
      lead,
      body: html`${errorSummary(words, errors)}
        <form method="post" novalidate action="${action}">
          ${csrf}${asked.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
          ${field(words, { name: passwordField, label: password, type: "password", autocomplete: "current-password", autofocus: errors.length === 0 }, errors)}
          <button>${submit}</button>
        </form>
        <p><a href="/devices">${words.frame.back}</a></p>`,
    }),
  }));
}
