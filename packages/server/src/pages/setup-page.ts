/** Creating the first administrator. */
import type { Context, Hono } from "hono";
import { completeSetup, type SetupResult } from "../accounts/complete-setup.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { errorSummary, type FormError, field, formError, readForm } from "./form.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { newPasswordField } from "./new-password.ts";
import { withNotice } from "./notices.ts";
import { ticket } from "./parts.ts";
import { Throttled, unlessThrottled } from "./throttled.ts";

export function setupPages(app: Hono<AppEnv>, house: House): void {
  const { accounts } = house;

  app.get("/setup", async (c) => {
    return (await accounts.isEmpty()) ? setupPage(c, {}) : alreadySetUp(c);
  });

  app.post("/setup", async (c) => {
    const form = await readForm(c);
    const typed = { code: form("code"), email: form("email"), password: form("password") };
    const result = await unlessThrottled(c, completeSetup(house, c.var.auth, typed));
    if (result instanceof Throttled) return setupPage(c, typed, [result.error], 429);
    if (result.done) return c.redirect("/welcome", 303);
    if (result.problem === "already-set-up") return alreadySetUp(c);
    return setupPage(c, typed, errorsOf(c.var.words, result));
  });
}

function alreadySetUp(c: Context<AppEnv>): Response {
  return c.redirect(withNotice("/login", "already-set-up"), 303);
}

function errorsOf(words: Words, result: SetupResult & { readonly done: false }): FormError[] {
  if (result.problem !== "invalid-input") return [formError(words, "code", "setup-code-bad")];
  const { code, email, password } = result;
  return [
    ...(code ? [formError(words, "code", code)] : []),
    ...(email ? [formError(words, "email", email)] : []),
    ...(password ? [formError(words, "password", password)] : []),
  ];
}

function setupPage(
  c: Context<AppEnv>,
  typed: { readonly code?: string; readonly email?: string },
  errors: readonly FormError[] = [],
  status: 200 | 422 | 429 = errors.length > 0 ? 422 : 200,
): Response | Promise<Response> {
  const { words } = c.var;
  const { title, short, lead, code, codeHint, email, submit } = words.setup;
  return publicPage(c, {
    title: short,
    width: "narrow",
    scripts: [assets.codeFromLink, assets.passwordReveal, assets.waitCountdown],
    status,
    failed: errors.length > 0,
    path: "/setup",
    body: ticket({
      title,
      lead,
      body: html`${errorSummary(words, errors)}
        <form method="post" novalidate action="/setup">
          ${field(words, { name: "code", label: code, autocomplete: "off", value: typed.code ?? "", hint: codeHint }, errors)}
          ${field(words, { name: "email", label: email, type: "email", autocomplete: "username", value: typed.email ?? "" }, errors)}
          ${newPasswordField(words, "password", errors)}
          <button>${submit}</button>
        </form>`,
    }),
  });
}
