/**
 * A part of a page that a script keeps up to date. The server says that there is something new, and the script asks for
 * the part again, rendered as the page has it. Without script there is a link to reload the page.
 */
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

/** Where the live part of a page is to be had. Asking for it is no use of the session. */
export function partOf(path: string): string {
  return `/live${path}`;
}

export interface LivePart {
  /** The server-sent event after which it is asked for again. */
  readonly on: "audit" | "figures";
  /** The page that it is part of, with its query. */
  readonly path: string;
  readonly body: Html;
}

/** The page needs the script `livePart` as well. */
export function livePart({ admin: { live } }: Words, { on, path, body }: LivePart): Html {
  return html`<div data-live="${on}" data-part="${partOf(path)}" data-words="${JSON.stringify(live)}">
    <div class="live-bar">
      <p class="live-state" hidden></p>
      <a class="button plain small" href="${path}">${live.reload}</a>
      <button class="plain small" type="button" hidden></button>
      <p class="unseen" role="status"></p>
    </div>
    <div class="live-content">${body}</div>
  </div>`;
}
