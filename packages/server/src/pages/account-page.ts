/** One's own account: changing the password, and how to be written to. */
import type { Context, Hono } from "hono";
import { changePassword, type PasswordChange } from "../accounts/change-password.ts";
import { longestPassword, shortestPassword } from "../accounts/password-rules.ts";
import type { AppEnv, House } from "../env.ts";
import type { Language, MailPreferences } from "../mail/mail.ts";
import { languages } from "../mail/words.ts";
import type { FieldError } from "../problems.ts";
import { checkbox, errorSummary, field, readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { notice, withNotice } from "./notices.ts";
import { requireSignIn } from "./page-guard.ts";
import { Throttled, unlessThrottled } from "./throttled.ts";

export const passwordHint: string = `${shortestPassword} to ${longestPassword} characters. A few unrelated words are easy to remember.`;

export function accountPages(app: Hono<AppEnv>, house: House): void {
  const signedIn = requireSignIn(house);

  app.get("/account", signedIn, (c) => accountPage(c, house));

  app.post("/account/mail", signedIn, async (c) => {
    const form = await readForm(c);
    const language = languages.find((each) => each === form("language"));
    const newDevice = form("new-device") === "yes";
    await house.mail.setPreferences(c.var.identity.user.id, { newDevice, ...(language && { language }) });
    return c.redirect(withNotice("/account", "mail-changed"), 303);
  });

  app.post("/account/password", signedIn, async (c) => {
    const form = await readForm(c);
    const passwords = { current: form("current"), next: form("new") };
    const changing = changePassword(house, c.var.auth, c.var.identity, passwords);
    const change = await unlessThrottled(c, changing);
    if (change instanceof Throttled) return accountPage(c, house, [change.error], 429);
    if (change.done) return c.redirect(withNotice("/account", "password-changed"), 303);
    return accountPage(c, house, [fieldError(change)]);
  });
}

function fieldError(change: PasswordChange & { readonly done: false }): FieldError {
  switch (change.problem) {
    case "unacceptable":
      return { field: "new", message: change.message };
    case "wrong-password":
      return { field: "current", message: "This is not your current password." };
    case "changed-meanwhile":
      return { field: "current", message: "Your password was changed a moment ago, on another device." };
  }
}

async function accountPage(
  c: Context<AppEnv>,
  { mail, notifications }: House,
  errors: readonly FieldError[] = [],
  status: 200 | 422 | 429 = errors.length > 0 ? 422 : 200,
): Promise<Response> {
  const { user } = c.var.identity;
  const preferences = notifications.areOn ? await mail.preferences(user.id) : undefined;
  return page(c, (csrf) => ({
    title: "Your account",
    status,
    failed: errors.length > 0,
    body: html`<h1>Your account</h1>
      ${errors.length > 0 ? errorSummary(errors) : notice(c.req.query("done"))}
      <p>You are signed in as <strong>${user.email}</strong>.</p>
      <form class="sheet" method="post" novalidate action="/account/password" aria-labelledby="change-password">
        <h2 id="change-password">Change password</h2>
        <p class="quiet">All your other devices will be signed out.</p>
        ${csrf}
        <input type="text" name="username" value="${user.email}" autocomplete="username" hidden>
        ${field({ name: "current", label: "Current password", type: "password", autocomplete: "current-password" }, errors)}
        ${field({ name: "new", label: "New password", type: "password", autocomplete: "new-password", hint: passwordHint }, errors)}
        <button>Change password</button>
      </form>
      ${preferences ? mailForm(preferences, csrf) : ""}`,
  }));
}

const languageNames: Readonly<Record<Language, string>> = { en: "English", ru: "Русский" };

function mailForm({ language: chosen = "en", newDevice }: MailPreferences, csrf: Html): Html {
  const options = languages.map(
    (language) =>
      html`<option value="${language}" lang="${language}" ${language === chosen ? html`selected` : ""}>${languageNames[language]}</option>`,
  );
  return html`<form class="sheet" method="post" action="/account/mail" aria-labelledby="mail">
    <h2 id="mail">Mails to you</h2>
    ${csrf}
    ${checkbox({ name: "new-device", label: "Tell me when I sign in on a new device", hint: "You are always told when your password was changed, or when your sign-in may have been copied.", checked: newDevice })}
    <div class="field">
      <label for="language">Language</label>
      <select id="language" name="language">${options}</select>
    </div>
    <button>Save</button>
  </form>`;
}
