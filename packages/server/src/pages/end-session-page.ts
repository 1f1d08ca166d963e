/** Where the link of a mail leads: asks first, and then ends the session. Nobody needs to be signed in, or has to have script. */
import type { Context, Hono } from "hono";
import { endByLink } from "../accounts/end-by-link.ts";
import type { AppEnv, House } from "../env.ts";
import { readForm } from "./form.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";

export function endSessionPages(app: Hono<AppEnv>, house: House): void {
  // The same for every code: what looks into mails and follows their links learns and changes nothing.
  app.get("/end-session", (c) =>
    publicPage(c, {
      title: "Sign out",
      narrow: true,
      body: html`<h1>Sign out</h1>
        <p>This ends the sign-in that the mail told you of.</p>
        <form class="sheet wide" method="post" action="/end-session">
          <input type="hidden" name="code" value="${c.req.query("code") ?? ""}">
          <button class="danger">Sign out</button>
        </form>`,
    }),
  );

  app.post("/end-session", async (c) => {
    const form = await readForm(c);
    return (await endByLink(house, form("code"))) ? ended(c) : notGood(c);
  });
}

function ended(c: Context<AppEnv>): Response | Promise<Response> {
  return publicPage(c, {
    title: "Signed out",
    narrow: true,
    body: html`<h1>Signed out</h1>
      <p class="notice" role="status">That sign-in is ended.</p>
      <p>If it was not you, somebody knows your password. <a href="/account">Change it</a>, or <a href="/forgot">choose a new one</a> if you are not signed in.</p>`,
  });
}

function notGood(c: Context<AppEnv>): Response | Promise<Response> {
  return publicPage(c, {
    title: "This link is not good any more",
    narrow: true,
    status: 410,
    failed: true,
    body: html`<h1>This link is not good any more</h1>
      <p>It is wrong, used or expired. <a href="/devices">Look at your devices</a> to end what you do not know.</p>`,
  });
}
