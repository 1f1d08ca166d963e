/** A forgotten password: asking for the mail, and choosing a new one with its code. */
import type { Context, Hono } from "hono";
import { type ForgottenPassword, forgotPassword } from "../accounts/forgot-password.ts";
import { type PasswordReset, resetPassword } from "../accounts/reset-password.ts";
import { answerProblem } from "../answer.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import { badResetCode, type FieldError, tooManyResets } from "../problems.ts";
import { passwordHint } from "./account-page.ts";
import { errorSummary, field, readForm } from "./form.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { notice, withNotice } from "./notices.ts";

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
    return resetPage(c, typed.code, [fieldError(reset)]);
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
      return forgotPage(c, email, [{ field: "email", message: asked.message }]);
    case "too-often":
      return answerProblem(tooManyResets(asked.retryAfterSeconds), c);
  }
}

function fieldError(reset: PasswordReset & { readonly done: false }): FieldError {
  return reset.problem === "unacceptable"
    ? { field: "password", message: reset.message }
    : { field: "code", message: badResetCode };
}

function forgotPage(
  c: Context<AppEnv>,
  email = "",
  errors: readonly FieldError[] = [],
): Response | Promise<Response> {
  return publicPage(c, {
    title: "Forgot your password?",
    narrow: true,
    status: errors.length > 0 ? 422 : 200,
    failed: errors.length > 0,
    body: html`<h1>Forgot your password?</h1>
      ${errors.length > 0 ? errorSummary(errors) : notice(c.req.query("done"))}
      <p class="quiet">We send you a mail with a link by which you choose a new one.</p>
      <form class="sheet wide" method="post" novalidate action="/forgot">
        ${field({ name: "email", label: "E-mail address", type: "email", autocomplete: "username", value: email }, errors)}
        <button>Send the mail</button>
      </form>
      <p><a href="/login">Back to signing in</a></p>`,
  });
}

/** The same for everybody who asks. */
function noMailPage(c: Context<AppEnv>): Response | Promise<Response> {
  return publicPage(c, {
    title: "Forgot your password?",
    narrow: true,
    body: html`<h1>Forgot your password?</h1>
      <p>This server is not set up to send mail, so it cannot help you by itself. Ask its administrator.</p>
      <p><a href="/login">Back to signing in</a></p>`,
  });
}

function resetPage(
  c: Context<AppEnv>,
  code = "",
  errors: readonly FieldError[] = [],
): Response | Promise<Response> {
  return publicPage(c, {
    title: "Choose a new password",
    narrow: true,
    script: assets.codeFromLink,
    status: errors.length > 0 ? 422 : 200,
    failed: errors.length > 0,
    body: html`<h1>Choose a new password</h1>
      ${errorSummary(errors)}
      <p class="quiet">All your devices will be signed out. <a href="/forgot">Ask for another mail</a> if your code is too old.</p>
      <form class="sheet wide" method="post" novalidate action="/reset">
        ${field({ name: "code", label: "Code", autocomplete: "off", value: code, hint: "The part behind # of the link in the mail." }, errors)}
        ${field({ name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: passwordHint }, errors)}
        <button>Change password</button>
      </form>`,
  });
}
