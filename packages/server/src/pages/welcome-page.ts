/** What the first administrator does next, told once the server is theirs. */
import type { Hono } from "hono";
import type { AppEnv, House } from "../env.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { requireSignIn } from "./page-guard.ts";
import { type Content, heading } from "./parts.ts";

export function welcomePage(app: Hono<AppEnv>, house: House): void {
  app.get("/welcome", requireSignIn(house), (c) => {
    const { words, identity } = c.var;
    const { welcome } = words;
    const add = (text: string): Html => html`<a href="/admin/users/new">${text}</a>`;
    return page(c, () => ({
      title: welcome.title,
      body: html`${heading(welcome.title, welcome.lead(html`<strong>${identity.user.email}</strong>`))}
        <h2 id="next">${welcome.steps}</h2>
        <ol class="steps" aria-labelledby="next">
          ${step(welcome.keepTitle, welcome.keep)}
          ${step(welcome.tryTitle, welcome.tryIt)}
          ${step(welcome.mailTitle, house.notifications.areOn ? welcome.mailDone : welcome.mail(code("COATCHECK_SMTP_URL")))}
          ${step(welcome.peopleTitle, welcome.people(add))}
          ${step(welcome.checkTitle, welcome.check(code("coatcheck-server doctor")))}
        </ol>
        <p><a class="button" href="/devices">${welcome.go}</a></p>`,
    }));
  });
}

function step(title: string, text: Content): Html {
  return html`<li class="sheet"><h3>${title}</h3><p class="quiet">${text}</p></li>`;
}

function code(text: string): Html {
  return html`<code>${text}</code>`;
}
