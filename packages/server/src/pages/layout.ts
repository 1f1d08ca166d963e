/** The frame of every page. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { assets } from "../assets.ts";
import type { AppEnv } from "../env.ts";
import { type Html, html } from "./html.ts";

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: ContentfulStatusCode;
  /** For forms that stand alone. */
  readonly narrow?: boolean;
  /** A script of ours that the page does without. */
  readonly script?: string;
  /** Leads the title where something went wrong: it is what screen readers say first. */
  readonly failed?: boolean;
}

/** Answers with a page for somebody who is not signed in. */
export function publicPage(c: Context<AppEnv>, page: Page): Response | Promise<Response> {
  return c.html(frame(c, page, masthead()), page.status ?? 200, { "Cache-Control": "no-store" });
}

/** Answers with a page for whoever is signed in. `csrf` goes into each of its forms. */
export async function page(
  c: Context<AppEnv>,
  content: (csrf: Html) => Page | Promise<Page>,
): Promise<Response> {
  const csrf = csrfField(await c.var.auth.csrfToken());
  const made = await content(csrf);
  const status = made.status ?? 200;
  return c.html(frame(c, made, signedInMasthead(c, csrf)), status, { "Cache-Control": "no-store" });
}

function frame(c: Context<AppEnv>, { title, body, narrow, script, failed }: Page, header: Html): Html {
  const { nonce } = c.var;
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${failed ? "Error: " : ""}${title} · Coatcheck</title>
    <link rel="icon" type="image/svg+xml" href="${assets.icon}">
    <link rel="stylesheet" href="${assets.style}" nonce="${nonce}">
    ${script ? html`<script type="module" src="${script}" nonce="${nonce}"></script>` : ""}
  </head>
  <body>
    <a class="skip" href="#main">Skip to content</a>
    ${header}
    <main id="main" tabindex="-1" class="${narrow ? "narrow" : ""}">
${body}
    </main>
  </body>
</html>`;
}

function brand(): Html {
  return html`<a class="brand" href="/"><img src="${assets.icon}" alt="" width="28" height="28">Coatcheck</a>`;
}

function masthead(): Html {
  return html`<header class="bar"><div>${brand()}</div></header>`;
}

const places = [
  { path: "/devices", name: "Devices" },
  { path: "/account", name: "Account" },
];

function signedInMasthead(c: Context<AppEnv>, csrf: Html): Html {
  const { user } = c.var.identity;
  const links = places.map(
    ({ path, name }) =>
      html`<li><a href="${path}" ${c.req.path === path ? html`aria-current="page"` : ""}>${name}</a></li>`,
  );
  return html`<header class="bar"><div>
      ${brand()}
      <nav aria-label="Main"><ul>${links}</ul></nav>
      <form class="who" method="post" action="/logout">
        ${csrf}<span>${user.email}</span>
        <button class="plain small">Sign out</button>
      </form>
    </div></header>`;
}

function csrfField(token: string): Html {
  return html`<input type="hidden" name="csrf_token" value="${token}">`;
}
