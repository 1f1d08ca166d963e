/** The frame of every page. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { User } from "../accounts/user.ts";
import { assets } from "../assets.ts";
import type { AppEnv } from "../env.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";
import { comesBack, idleDialog } from "./idle-warning.ts";
import { languageSwitch } from "./language-choice.ts";

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: ContentfulStatusCode;
  /** `narrow` for forms that stand alone, `wide` for tables and charts. */
  readonly width?: "narrow" | "wide";
  /** Scripts of ours that the page does without. */
  readonly scripts?: readonly string[];
  /** Leads the title where something went wrong: it is what screen readers say first. */
  readonly failed?: boolean;
  /** Where the page is to be had again, if it answers a form. */
  readonly path?: string;
}

/** What surrounds the content of a page. */
interface Surroundings {
  readonly header: Html;
  readonly footer?: Html;
  readonly dialog?: Html;
  readonly scripts?: readonly string[];
}

/** Answers with a page for somebody who is not signed in. */
export function publicPage(c: Context<AppEnv>, page: Page): Response | Promise<Response> {
  return answer(c, page, { header: html`<header class="bar"><div>${brand(c.var.words)}</div></header>` });
}

/** Answers with a page for whoever is signed in. `csrf` goes into each of its forms. */
export async function page(
  c: Context<AppEnv>,
  content: (csrf: Html) => Page | Promise<Page>,
): Promise<Response> {
  const csrf = csrfField(await c.var.auth.csrfToken());
  const { frame, docs } = c.var.words;
  return answer(c, await content(csrf), {
    header: signedInMasthead(c, csrf),
    footer: html`<ul class="row"><li><a href="/docs">${docs.title}</a></li>
      <li><a href="/devices/end-all">${frame.signOutEverywhere}</a></li></ul>`,
    ...(comesBack(c)
      ? { scripts: [assets.backGuard] }
      : { scripts: [assets.backGuard, assets.idleWarning], dialog: idleDialog(c, csrf) }),
  });
}

function answer(c: Context<AppEnv>, page: Page, around: Surroundings): Response | Promise<Response> {
  return c.html(frame(c, page, around), page.status ?? 200, {
    "Cache-Control": "no-store",
    Vary: "Cookie, Accept-Language",
  });
}

/** Browsers paint it when its end has come, or what is laid out by what follows would move (decision 49). */
function frame(c: Context<AppEnv>, page: Page, around: Surroundings): Html {
  const { nonce, words } = c.var;
  const { title, body, width, failed } = page;
  const scripts = [...(around.scripts ?? []), ...(page.scripts ?? [])];
  const path = page.path ?? (c.req.method === "GET" ? c.req.path : "/");
  return html`<!doctype html>
<html lang="${words.language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="theme-color" content="#f4f1ea" media="(prefers-color-scheme: light)">
    <meta name="theme-color" content="#151411" media="(prefers-color-scheme: dark)">
    <title>${failed ? `${words.frame.error}: ` : ""}${title} · Coatcheck</title>
    <link rel="expect" href="#end" blocking="render">
    <link rel="icon" type="image/svg+xml" href="${assets.icon}">
    <link rel="stylesheet" href="${assets.style}" nonce="${nonce}">
    ${scripts.map((script) => html`<script type="module" src="${script}" nonce="${nonce}"></script>`)}
  </head>
  <body class="${width ?? ""}">
    <a class="skip" href="#main">${words.frame.skip}</a>
    ${around.header}
    <main id="main" tabindex="-1">
${body}
    </main>
    <footer class="foot"><div>${languageSwitch(c, words, path)}${around.footer ?? ""}</div></footer>
    ${around.dialog ?? ""}
    <span id="end" hidden></span>
  </body>
</html>`;
}

function brand({ frame }: Words): Html {
  return html`<a class="brand" href="/" aria-label="${frame.home}">${mark}Coatcheck</a>`;
}

/** As in the icon. It takes the colours of the page. */
const mark = html`<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
  <path class="paper" d="M7 2h18a3 3 0 0 1 3 3v6.5a2.5 2.5 0 0 0 0 5V27a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V16.5a2.5 2.5 0 0 0 0-5V5a3 3 0 0 1 3-3z"/>
  <path class="hook" d="M13.6 8.3a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2 1-1.2 1.9v.8m0 0-8 5.6c-1 .7-.5 2.2.7 2.2h14.6c1.2 0 1.7-1.5.7-2.2z"/>
  <path class="number" d="M11 25.5h10"/>
</svg>`;

function signedInMasthead(c: Context<AppEnv>, csrf: Html): Html {
  const { words, identity } = c.var;
  const links = placesOf(words, identity.user).map(
    ({ path, name }) =>
      html`<li><a href="${path}" ${isAt(c, path) ? html`aria-current="page"` : ""}>${name}</a></li>`,
  );
  return html`<header class="bar"><div>
      ${brand(words)}
      <nav class="places" aria-label="${words.frame.main}"><ul class="row">${links}</ul></nav>
      <form class="who" method="post" action="/logout">
        ${csrf}<button class="plain small">${words.frame.signOut}</button>
        <span>${identity.user.email}</span>
      </form>
    </div></header>`;
}

interface Place {
  readonly path: string;
  readonly name: string;
}

function placesOf({ frame, admin }: Words, { roles }: User): readonly Place[] {
  return [
    { path: "/devices", name: frame.devices },
    { path: "/history", name: frame.history },
    { path: "/account", name: frame.account },
    ...(roles.includes("admin") ? [{ path: "/admin", name: admin.title }] : []),
  ];
}

/** The page itself, or one that lies under it. */
function isAt(c: Context<AppEnv>, path: string): boolean {
  return c.req.path === path || c.req.path.startsWith(`${path}/`);
}

function csrfField(token: string): Html {
  return html`<input type="hidden" name="csrf_token" value="${token}">`;
}
