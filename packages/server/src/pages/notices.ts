/**
 * What a page says about the deed that led to it. The deed redirects with a name of a notice in the query: a name, so
 * that nobody can put words of their own onto our pages.
 */
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

export type NoticeName = keyof Words["notices"];

/** Where to go after a deed, with what to say there. */
export function withNotice(path: string, name: NoticeName): string {
  return `${path}?done=${name}`;
}

export function notice({ notices }: Words, name: string | undefined): Html | "" {
  if (name === undefined || !Object.hasOwn(notices, name)) return "";
  return told(notices[name as NoticeName]);
}

/** Good news, read out when the page comes up. */
export function told(text: string | Html): Html {
  return html`<p class="notice" role="status">${text}</p>`;
}
