/** Asking before something is done: a page, so that it works without script, and Back leads to what was there before. */
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { ticket } from "./parts.ts";

export interface Question {
  readonly title: string;
  readonly lead: string;
  /** Where the form goes if the answer is yes. */
  readonly path: string;
  readonly body: Html;
  readonly submit: string;
  /** Whether the answer takes nothing from anybody. */
  readonly isHarmless?: boolean;
  /** Where the answer no leads. */
  readonly keep: { readonly path: string; readonly name: string };
}

export function askPage(c: Context<AppEnv>, question: Question): Promise<Response> {
  const { title, lead, path, body, submit, isHarmless, keep } = question;
  return page(c, (csrf) => ({
    title,
    width: "narrow",
    path,
    body: ticket({
      title,
      lead,
      body: html`<form method="post" action="${path}">
        ${csrf}${body}
        <button class="${isHarmless ? "" : "danger grave"}">${submit}</button>
      </form>
      <p><a class="button plain" href="${keep.path}">${keep.name}</a></p>`,
    }),
  }));
}
