/** The parts that pages are made of. How they look is said once, in the stylesheet. */
import { type Html, html } from "./html.ts";

export type Content = Html | string | readonly Html[];

/** A form or a message that stands alone: a coat-check ticket, with its title on the stub. */
export function ticket({
  title,
  lead,
  body,
}: {
  readonly title: string;
  readonly lead?: Content | undefined;
  readonly body: Content;
}): Html {
  return html`<div class="ticket">
    <div class="stub"><h1>${title}</h1>${lead ? html`<p class="quiet">${lead}</p>` : ""}</div>
    <div class="rest">${body}</div>
  </div>`;
}

/** The title of a page, what it is for, and what can be done with the whole of it. */
export function heading(title: string, lead?: Content, actions?: Content): Html {
  return html`<div class="heading">
    <div><h1>${title}</h1>${lead ? html`<p class="quiet">${lead}</p>` : ""}</div>
    ${actions ? html`<div class="actions">${actions}</div>` : ""}
  </div>`;
}

/** Names and what they stand for, in pairs. */
export function facts(pairs: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export type Tone = "good" | "bad" | "quiet";

/** A word or two that mark a thing. */
export function tag(text: string, tone: Tone = "good"): Html {
  return html`<span class="${tone === "good" ? "tag" : `tag ${tone}`}">${text}</span>`;
}

/** In place of a list with nothing in it: what would be here, and what to do next. */
export function empty(title: string, next: Content): Html {
  return html`<div class="sheet empty"><strong>${title}</strong><p class="quiet">${next}</p></div>`;
}

/** One of a few views of the same page. */
export interface Tab {
  readonly name: string;
  readonly href: string;
  readonly isHere: boolean;
}

export function tabs(label: string, all: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}"><ul class="row">${all.map(
    ({ name, href, isHere }) =>
      html`<li><a href="${href}" ${isHere ? html`aria-current="page"` : ""}>${name}</a></li>`,
  )}</ul></nav>`;
}

/**
 * Rows of cells. On a narrow screen each row is a block, with the names of the columns in it. What is too wide all the same
 * scrolls by itself, and by keyboard; the page does not. Rows of a live part have `keys`, by which they are known again.
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Content[])[],
  keys: readonly string[] = [],
): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
    <caption class="unseen">${caption}</caption>
    <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
    <tbody>${rows.map((cells, index) => html`<tr${keys[index] === undefined ? "" : html` data-key="${keys[index]}"`}>${cells.map((cell, at) => html`<td data-name="${columns[at]}">${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}
