/** In which language somebody reads our pages: what they chose with the switch of a page, else what their browser asks for. */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { AppEnv } from "../env.ts";
import { type Language, languageNames, languageOf, languages, preferredLanguage } from "../words/language.ts";
import { type Words, wordsIn } from "../words/words.ts";
import { type Html, html } from "./html.ts";

const cookie = "language";
/** As long as browsers keep any cookie: 400 days, in seconds. */
const lifetime = 400 * 24 * 60 * 60;

/** Chooses the words of the answer. What `?lang=` chooses is remembered; it is no secret, and opens nothing. */
export const speak: MiddlewareHandler<AppEnv> = async (c, next) => {
  const chosen = languageOf(c.req.query("lang"));
  const asked = preferredLanguage(c.req.header("accept-language"));
  c.set("words", wordsIn(chosen ?? languageOf(getCookie(c, cookie, "host")) ?? asked ?? "en"));
  await next();
  // What a shared cache may keep, a picture for one, gives nobody's choice to others (CVE-2023-30861).
  const isKeptByNobody = c.res.headers.get("Cache-Control") === "no-store";
  if (chosen && isKeptByNobody)
    setCookie(c, cookie, chosen, { prefix: "host", httpOnly: true, sameSite: "Lax", maxAge: lifetime });
};

/** Leads to this page in each of our languages. */
export function languageSwitch(c: Context<AppEnv>, words: Words, path: string): Html {
  const links = languages.map((language) =>
    language === words.language
      ? html`<li><span lang="${language}" aria-current="true">${languageNames[language]}</span></li>`
      : html`<li><a href="${pathIn(c, path, language)}" lang="${language}" hreflang="${language}">${languageNames[language]}</a></li>`,
  );
  return html`<nav aria-label="${words.frame.language}"><ul class="row">${links}</ul></nav>`;
}

/** A page that answers a form is not there to be asked for, so its switch leads to the one that had the form. */
function pathIn(c: Context<AppEnv>, path: string, language: Language): string {
  const query = new URLSearchParams(c.req.method === "GET" ? c.req.query() : {});
  // What was told about a deed is told once.
  query.delete("done");
  query.set("lang", language);
  // To browsers, what follows two slashes is a host (ASVS 3.7.2).
  return `${path.replace(/^[/\\]+/, "/")}?${query}`;
}
