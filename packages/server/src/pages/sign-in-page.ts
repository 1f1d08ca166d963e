/** Signing in and out, for people. */
import type { EndReason } from "coatcheck";
import type { Context, Hono } from "hono";
import { identify } from "../accounts/identify.ts";
import { signIn, signOut } from "../accounts/sign-in.ts";
import { answerProblem } from "../answer.ts";
import { assets } from "../assets.ts";
import { clearSiteData } from "../clear-site-data.ts";
import type { AppEnv, House } from "../env.ts";
import { methodsOf } from "../routes.ts";
import type { Words } from "../words/words.ts";
import { checkbox, errorSummary, type FormError, field, formError, readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { nextPath } from "./next-path.ts";
import { notice, told, withNotice } from "./notices.ts";
import { ticket } from "./parts.ts";
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
    const { words } = c.var;
    const message = found.reason ? becauseOf(words, found.reason) : notice(words, c.req.query("done"));
    return signInPage(c, { message, next });
  });

  app.post("/login", async (c) => {
    const form = await readForm(c);
    const next = nextPage(app, form("next"));
    const email = form("email");
    const missing = missingFields(c.var.words, email, form("password"));
    const remember = form("remember") !== "";
    const typed = { email, remember, next };
    if (missing.length > 0) return signInPage(c, { ...typed, errors: missing, status: 422 });
    const signingIn = signIn(house, c.var.auth, { email, password: form("password"), remember });
    const user = await unlessThrottled(c, signingIn);
    if (user instanceof Throttled) return signInPage(c, { ...typed, errors: [user.error], status: 429 });
    if (user) return c.redirect(next ?? start, 303);
    const errors = [formError(c.var.words, "", "wrong-credentials")];
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

function missingFields(words: Words, email: string, password: string): FormError[] {
  return [
    ...(email.trim() ? [] : [formError(words, "email", "email-missing")]),
    ...(password ? [] : [formError(words, "password", "password-missing")]),
  ];
}

function becauseOf({ signIn, endReasons }: Words, reason: EndReason): Html {
  return told(signIn.because(endReasons[reason]));
}

interface SignInView {
  readonly email?: string;
  readonly remember?: boolean;
  readonly next?: string | undefined;
  readonly message?: Html | "";
  readonly errors?: readonly FormError[];
  readonly status?: 401 | 422 | 429;
}

function signInPage(c: Context<AppEnv>, view: SignInView): Response | Promise<Response> {
  const { email = "", remember = false, next, message = "", errors = [], status } = view;
  const { words } = c.var;
  const { signIn: said } = words;
  if (status === 401) c.header("WWW-Authenticate", 'Cookie realm="session"');
  return publicPage(c, {
    title: said.title,
    width: "narrow",
    failed: errors.length > 0,
    scripts: [assets.passwordReveal, assets.waitCountdown],
    path: "/login",
    ...(status && { status }),
    body: ticket({
      title: said.title,
      lead: said.lead,
      body: html`${message}${errorSummary(words, errors)}
        <form method="post" novalidate action="/login">
          ${next ? html`<input type="hidden" name="next" value="${next}">` : ""}
          ${field(words, { name: "email", label: said.email, type: "email", autocomplete: "username", value: email, autofocus: errors.length === 0 }, errors)}
          ${field(words, { name: "password", label: said.password, type: "password", autocomplete: "current-password" }, errors)}
          ${checkbox({ name: "remember", label: said.remember, hint: said.rememberHint, checked: remember })}
          <button>${said.submit}</button>
        </form>
        <p><a href="/forgot">${said.forgot}</a></p>`,
    }),
  });
}
