/** A forgotten password: asking for the mail, and choosing a new one with its code. */
import type { Context, Hono } from "hono";
import { type ForgottenPassword, forgotPassword } from "../accounts/forgot-password.ts";
import { type PasswordReset, resetPassword } from "../accounts/reset-password.ts";
import { answerProblem } from "../answer.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import { tooManyResets } from "../problems.ts";
import type { Words } from "../words/words.ts";
import { errorSummary, type FormError, field, formError, readForm } from "./form.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { newPasswordField } from "./new-password.ts";
import { notice, withNotice } from "./notices.ts";
import { ticket } from "./parts.ts";

export function resetPages(app: Hono<AppEnv>, house: House): void {
  app.get("/forgot", (c) => (house.notifications.areOn ? forgotPage(c) : noMailPage(c)));

  app.post("/forgot", async (c) => {
    const form = await readForm(c);
    const email = form("email");
    const asked = await forgotPassword(house, c.var.auth.client, email);
    return asked.done ? c.redirect(withNotice("/forgot", "reset-asked"), 303) : notAsked(c, asked, email);
  });

  app.get("/reset", (c) => resetPage(c));

  app.post("/reset", async (c) => {
    const form = await readForm(c);
    const typed = { code: form("code"), password: form("password") };
    const reset = await resetPassword(house, c.var.auth.client, typed);
    if (reset.done) return c.redirect(withNotice("/login", "password-reset"), 303);
    return resetPage(c, typed.code, [errorOf(c.var.words, reset)]);
  });
}

function notAsked(
  c: Context<AppEnv>,
  asked: ForgottenPassword & { readonly done: false },
  email: string,
): Response | Promise<Response> {
  switch (asked.problem) {
    case "no-mail":
      return noMailPage(c);
    case "unacceptable":
      return forgotPage(c, email, [formError(c.var.words, "email", asked.fault)]);
    case "too-often":
      return answerProblem(tooManyResets(asked.retryAfterSeconds), c);
  }
}

function errorOf(words: Words, reset: PasswordReset & { readonly done: false }): FormError {
  return reset.problem === "unacceptable"
    ? formError(words, "password", reset.fault)
    : formError(words, "code", "reset-code-bad");
}

function forgotPage(
  c: Context<AppEnv>,
  email = "",
  errors: readonly FormError[] = [],
): Response | Promise<Response> {
  const { words } = c.var;
  const { title, lead, submit, back } = words.forgot;
  return publicPage(c, {
    title,
    width: "narrow",
    status: errors.length > 0 ? 422 : 200,
    failed: errors.length > 0,
    path: "/forgot",
    body: ticket({
      title,
      lead,
      body: html`${errors.length > 0 ? errorSummary(words, errors) : notice(words, c.req.query("done"))}
        <form method="post" novalidate action="/forgot">
          ${field(words, { name: "email", label: words.signIn.email, type: "email", autocomplete: "username", value: email }, errors)}
          <button>${submit}</button>
        </form>
        <p><a href="/login">${back}</a></p>`,
    }),
  });
}

/** The same for everybody who asks. */
function noMailPage(c: Context<AppEnv>): Response | Promise<Response> {
  const { title, noMail, back } = c.var.words.forgot;
  return publicPage(c, {
    title,
    width: "narrow",
    path: "/forgot",
    body: ticket({ title, body: html`<p>${noMail}</p><p><a class="button" href="/login">${back}</a></p>` }),
  });
}

function resetPage(
  c: Context<AppEnv>,
  typedCode = "",
  errors: readonly FormError[] = [],
): Response | Promise<Response> {
  const { words } = c.var;
  const { title, lead, code, codeHint, submit } = words.reset;
  return publicPage(c, {
    title,
    width: "narrow",
    scripts: [assets.codeFromLink, assets.passwordReveal],
    status: errors.length > 0 ? 422 : 200,
    failed: errors.length > 0,
    path: "/reset",
    body: ticket({
      title,
      lead: lead((text) => html`<a href="/forgot">${text}</a>`),
      body: html`${errorSummary(words, errors)}
        <form method="post" novalidate action="/reset">
          ${field(words, { name: "code", label: code, autocomplete: "off", value: typedCode, hint: codeHint }, errors)}
          ${newPasswordField(words, "password", errors)}
          <button>${submit}</button>
        </form>`,
    }),
  });
}
