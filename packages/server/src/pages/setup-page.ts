/** Creating the first administrator. */
import type { Context, Hono } from "hono";
import { completeSetup, type SetupResult } from "../accounts/complete-setup.ts";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import type { FieldError } from "../problems.ts";
import { passwordHint } from "./account-page.ts";
import { errorSummary, field, readForm } from "./form.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { withNotice } from "./notices.ts";
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
    if (result.done) return c.redirect(withNotice("/devices", "set-up"), 303);
    if (result.problem === "already-set-up") return alreadySetUp(c);
    return setupPage(c, typed, fieldErrors(result));
  });
}

function alreadySetUp(c: Context<AppEnv>): Response {
  return c.redirect(withNotice("/login", "already-set-up"), 303);
}

function fieldErrors(result: SetupResult & { readonly done: false }): FieldError[] {
  if (result.problem !== "invalid-input") {
    const message = "This code is wrong, used or expired. Restart the server to get a new one.";
    return [{ field: "code", message }];
  }
  const { code, email, password } = result;
  return [
    ...(code ? [{ field: "code", message: code }] : []),
    ...(email ? [{ field: "email", message: email }] : []),
    ...(password ? [{ field: "password", message: password }] : []),
  ];
}

function setupPage(
  c: Context<AppEnv>,
  typed: { readonly code?: string; readonly email?: string },
  errors: readonly FieldError[] = [],
  status: 200 | 422 | 429 = errors.length > 0 ? 422 : 200,
): Response | Promise<Response> {
  return publicPage(c, {
    title: "Set up",
    narrow: true,
    script: assets.codeFromLink,
    status,
    failed: errors.length > 0,
    body: html`<h1>Set up this server</h1>
      ${errorSummary(errors)}
      <p class="quiet">Create the first administrator. Afterwards this page is closed for good.</p>
      <form class="sheet wide" method="post" novalidate action="/setup">
        ${field({ name: "code", label: "Set-up code", autocomplete: "off", value: typed.code ?? "", hint: "The part behind # of the link that the server printed when it started." }, errors)}
        ${field({ name: "email", label: "Your e-mail address", type: "email", autocomplete: "username", value: typed.email ?? "" }, errors)}
        ${field({ name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: passwordHint }, errors)}
        <button>Create administrator</button>
      </form>`,
  });
}
