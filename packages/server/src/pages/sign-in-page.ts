/** Signing in and out, for people. */
import type { EndReason } from "coatcheck";
import type { Context, Hono } from "hono";
import { identify } from "../accounts/identify.ts";
import { signIn, signOut } from "../accounts/sign-in.ts";
import { answerProblem } from "../answer.ts";
import { clearSiteData } from "../clear-site-data.ts";
import type { AppEnv, House } from "../env.ts";
import { type FieldError, signedOutBecause, wrongCredentials } from "../problems.ts";
import { methodsOf } from "../routes.ts";
import { checkbox, errorSummary, field, readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { nextPath } from "./next-path.ts";
import { notice, withNotice } from "./notices.ts";
import { Throttled, unlessThrottled } from "./throttled.ts";

const start = "/devices";

/** A path that only takes forms would greet who signs in with an error. */
function nextPage(app: Hono<AppEnv>, text: string | undefined): string | undefined {
  const path = nextPath(text);
  const [page = ""] = path?.split("?") ?? [];
  return methodsOf(app, page).includes("GET") ? path : undefined;
}

export function signInPages(app: Hono<AppEnv>, house: House): void {
  const { accounts } = house;

  app.get("/", async (c) => {
    const { signedIn } = await identify(accounts, c.var.auth);
    return c.redirect(signedIn ? start : "/login", 303);
  });

  app.get("/login", async (c) => {
    const next = nextPage(app, c.req.query("next"));
    const found = await identify(accounts, c.var.auth);
    if (found.signedIn) return c.redirect(next ?? start, 303);
    if (await accounts.isEmpty()) return c.redirect("/setup", 303);
    const told = found.reason ? becauseOf(found.reason) : notice(c.req.query("done"));
    return signInPage(c, { told, next });
  });

  app.post("/login", async (c) => {
    const form = await readForm(c);
    const next = nextPage(app, form("next"));
    const email = form("email");
    const missing = missingFields(email, form("password"));
    const remember = form("remember") !== "";
    const typed = { email, remember, next };
    if (missing.length > 0) return signInPage(c, { ...typed, errors: missing, status: 422 });
    const signingIn = signIn(house, c.var.auth, { email, password: form("password"), remember });
    const user = await unlessThrottled(c, signingIn);
    if (user instanceof Throttled) return signInPage(c, { ...typed, errors: [user.error], status: 429 });
    if (user) return c.redirect(next ?? start, 303);
    const errors = [{ field: "", message: wrongCredentials }];
    return signInPage(c, { ...typed, errors, status: 401 });
  });

  app.post("/logout", async (c) => {
    const problem = await c.var.auth.checkCsrfToken({ resume: false });
    if (problem) return answerProblem(problem, c);
    await signOut(c.var.auth);
    clearSiteData(c);
    return c.redirect(withNotice("/login", "signed-out"), 303);
  });
}

function missingFields(email: string, password: string): FieldError[] {
  return [
    ...(email.trim() ? [] : [{ field: "email", message: "Enter your e-mail address." }]),
    ...(password ? [] : [{ field: "password", message: "Enter your password." }]),
  ];
}

function becauseOf(reason: EndReason): Html {
  return html`<p class="notice" role="status">You were signed out because ${signedOutBecause(reason)}.</p>`;
}

interface SignInView {
  readonly email?: string;
  readonly remember?: boolean;
  readonly next?: string | undefined;
  readonly told?: Html | "";
  readonly errors?: readonly FieldError[];
  readonly status?: 401 | 422 | 429;
}

function signInPage(c: Context<AppEnv>, view: SignInView): Response | Promise<Response> {
  const { email, remember = false, next, told = "", errors = [], status } = view;
  if (status === 401) c.header("WWW-Authenticate", 'Cookie realm="session"');
  return publicPage(c, {
    title: "Sign in",
    narrow: true,
    failed: errors.length > 0,
    ...(status && { status }),
    body: html`<h1>Sign in</h1>
      ${told}${errorSummary(errors)}
      <form class="sheet wide" method="post" novalidate action="/login">
        ${next ? html`<input type="hidden" name="next" value="${next}">` : ""}
        ${field({ name: "email", label: "E-mail address", type: "email", autocomplete: "username", value: email ?? "", autofocus: errors.length === 0 }, errors)}
        ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password" }, errors)}
        ${checkbox({ name: "remember", label: "Keep me signed in on this device", hint: "For 30 days. Not on a device that others use.", checked: remember })}
        <button>Sign in</button>
      </form>
      <p><a href="/forgot">Forgot your password?</a></p>`,
  });
}
