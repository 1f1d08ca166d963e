/** Where the link of a mail leads: asks first, and then ends the session. Nobody needs to be signed in, or has to have script. */
import type { Context, Hono } from "hono";
import { endByLink } from "../accounts/end-by-link.ts";
import type { AppEnv, House } from "../env.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { told } from "./notices.ts";
import { ticket } from "./parts.ts";

export function endSessionPages(app: Hono<AppEnv>, house: House): void {
  // The same for every code: what looks into mails and follows their links learns and changes nothing.
  app.get("/end-session", (c) => {
    const { title, lead, submit } = c.var.words.endSession;
    const body = html`<form method="post" action="/end-session">
      <input type="hidden" name="code" value="${c.req.query("code") ?? ""}">
      <button class="danger grave">${submit}</button>
    </form>`;
    return publicPage(c, { title, width: "narrow", body: ticket({ title, lead, body }) });
  });

  app.post("/end-session", async (c) => {
    const form = await readForm(c);
    return (await endByLink(house, form("code"))) ? ended(c) : notGood(c);
  });
}

const linkTo =
  (path: string) =>
  (text: string): Html =>
    html`<a href="${path}">${text}</a>`;

function ended(c: Context<AppEnv>): Response | Promise<Response> {
  const { doneTitle: title, done, notYou } = c.var.words.endSession;
  const body = html`${told(done)}<p>${notYou(linkTo("/account"), linkTo("/forgot"))}</p>`;
  return publicPage(c, { title, width: "narrow", body: ticket({ title, body }) });
}

function notGood(c: Context<AppEnv>): Response | Promise<Response> {
  const { badTitle: title, bad } = c.var.words.endSession;
  const body = ticket({ title, body: html`<p>${bad(linkTo("/devices"))}</p>` });
  return publicPage(c, { title, width: "narrow", status: 410, failed: true, body });
}
