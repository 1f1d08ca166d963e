/** One's own account: changing the password, and how to be written to. */
import type { Context, Hono } from "hono";
import { changePassword, type PasswordChange } from "../accounts/change-password.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import type { MailPreferences } from "../mail/mail.ts";
import { languageNames, languageOf, languages } from "../words/language.ts";
import type { Words } from "../words/words.ts";
import { checkbox, errorSummary, type FormError, field, formError, readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { newPasswordField } from "./new-password.ts";
import { notice, withNotice } from "./notices.ts";
import { requireSignIn } from "./page-guard.ts";
import { heading } from "./parts.ts";
import { Throttled, unlessThrottled } from "./throttled.ts";

export function accountPages(app: Hono<AppEnv>, house: House): void {
  const signedIn = requireSignIn(house);

  app.get("/account", signedIn, (c) => accountPage(c, house));

  app.post("/account/mail", signedIn, async (c) => {
    const form = await readForm(c);
    const language = languageOf(form("language"));
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
    return accountPage(c, house, [errorOf(c.var.words, change)]);
  });
}

function errorOf(words: Words, change: PasswordChange & { readonly done: false }): FormError {
  switch (change.problem) {
    case "unacceptable":
      return formError(words, "new", change.fault);
    case "wrong-password":
      return formError(words, "current", "wrong-password");
    case "changed-meanwhile":
      return formError(words, "current", "password-changed-meanwhile");
  }
}

async function accountPage(
  c: Context<AppEnv>,
  { mail, notifications }: House,
  errors: readonly FormError[] = [],
  status: 200 | 422 | 429 = errors.length > 0 ? 422 : 200,
): Promise<Response> {
  const { words, identity } = c.var;
  const { account } = words;
  const preferences = notifications.areOn ? await mail.preferences(identity.user.id) : undefined;
  const who = account.signedInAs(html`<strong>${identity.user.email}</strong>`);
  return page(c, (csrf) => ({
    title: account.title,
    status,
    failed: errors.length > 0,
    scripts: [assets.passwordReveal, assets.waitCountdown],
    path: "/account",
    body: html`${heading(account.title, who)}
      ${errors.length > 0 ? errorSummary(words, errors) : notice(words, c.req.query("done"))}
      <form class="sheet" method="post" novalidate action="/account/password" aria-labelledby="change-password">
        <h2 id="change-password">${account.changePassword}</h2>
        <p class="quiet">${account.changeHint}</p>
        ${csrf}
        <input type="text" name="username" value="${identity.user.email}" autocomplete="username" hidden>
        ${field(words, { name: "current", label: words.password.current, type: "password", autocomplete: "current-password" }, errors)}
        ${newPasswordField(words, "new", errors)}
        <button>${account.changePassword}</button>
      </form>
      ${preferences ? mailForm(words, preferences, csrf) : ""}`,
  }));
}

function mailForm({ account }: Words, preferences: MailPreferences, csrf: Html): Html {
  const { language: chosen = "en", newDevice } = preferences;
  const options = languages.map(
    (language) =>
      html`<option value="${language}" lang="${language}" ${language === chosen ? html`selected` : ""}>${languageNames[language]}</option>`,
  );
  return html`<form class="sheet" method="post" action="/account/mail" aria-labelledby="mail">
    <h2 id="mail">${account.mails}</h2>
    ${csrf}
    ${checkbox({ name: "new-device", label: account.newDevice, hint: account.newDeviceHint, checked: newDevice })}
    <div class="field">
      <label for="language">${account.language}</label>
      <select id="language" name="language">${options}</select>
    </div>
    <button>${account.save}</button>
  </form>`;
}
