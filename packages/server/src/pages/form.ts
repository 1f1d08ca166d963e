/**
 * The parts of forms, and reading what they send. Forms are `novalidate`: browsers refuse valid international addresses,
 * and their bubbles vanish; what is wrong is said by the page, where it stays and is read out.
 */
import type { Context } from "hono";
import type { Fault } from "../accounts/fault.ts";
import type { AppEnv } from "../env.ts";
import { malformedBody, ProblemError, unsupportedMediaType } from "../problems.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

/** What is wrong with one field of a form; with the whole, where `field` is "". */
export interface FormError {
  readonly field: string;
  readonly message: string | Html;
}

export function formError({ faults }: Words, field: string, fault: Fault): FormError {
  return { field, message: faults[fault] };
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "search";
  /** What browsers and password managers fill in. */
  readonly autocomplete: string;
  readonly hint?: string;
  readonly value?: string | undefined;
  readonly autofocus?: boolean;
}

/** A labelled input that names its own error. */
export function field(words: Words, spec: Field, errors: readonly FormError[] = []): Html {
  const { name, label, type = "text", autocomplete, hint, value, autofocus } = spec;
  const error = errors.find((candidate) => candidate.field === name)?.message;
  const describedBy = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  const input = html`<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required
    ${value === undefined ? "" : html`value="${value}"`}
    ${type === "text" ? html`spellcheck="false" autocapitalize="none"` : ""}
    ${describedBy ? html`aria-describedby="${describedBy}"` : ""}
    ${error ? html`aria-invalid="true"` : ""}
    ${autofocus && !error ? html`autofocus` : ""}>`;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ""}
    ${error ? html`<p class="error" id="${name}-error">${error}</p>` : ""}
    ${type === "password" ? html`<div class="secret">${input}${revealButton(words, name)}</div>` : input}
  </div>`;
}

/** Comes up by script: without it there is nothing that the button could do. */
function revealButton({ frame }: Words, name: string): Html {
  return html`<button type="button" class="reveal" hidden aria-controls="${name}" aria-label="${frame.showPassword}" title="${frame.showPassword}" data-hide="${frame.hidePassword}">${eye}</button>`;
}

const eye = html`<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12z"/><circle cx="12" cy="12" r="3"/><path class="closed" d="m3 3 18 18"/></svg>`;

export interface Checkbox {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly checked: boolean;
}

/** A choice that is off unless it is made. */
export function checkbox({ name, label, hint, checked }: Checkbox): Html {
  return html`<div class="choice">
    <input id="${name}" name="${name}" type="checkbox" value="yes" aria-describedby="${name}-hint"${checked ? html` checked` : ""}>
    <label for="${name}">${label}</label>
    <p class="hint" id="${name}-hint">${hint}</p>
  </div>`;
}

/** What is wrong with the form, told at once when the page comes up. Each line leads to its field. */
export function errorSummary({ frame }: Words, errors: readonly FormError[]): Html | "" {
  if (errors.length === 0) return "";
  const lines = errors.map(({ field, message }) =>
    field ? html`<li><a href="#${field}">${message}</a></li>` : html`<li>${message}</li>`,
  );
  return html`<div class="summary" role="alert" tabindex="-1" autofocus><strong>${frame.failed}</strong><ul>${lines}</ul></div>`;
}

export type Form = (name: string) => string;

/**
 * The fields of a form, missing ones as "". A field that comes twice means whoever sent it hopes that two readers
 * pick different ones, so it is refused.
 */
export async function readForm(c: Context<AppEnv>): Promise<Form> {
  const fields = await readFields(c);
  return (name) => fields.get(name) ?? "";
}

/** All fields of a form, as `readForm` reads them. */
export async function readFields(c: Context<AppEnv>): Promise<ReadonlyMap<string, string>> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new ProblemError(unsupportedMediaType("application/x-www-form-urlencoded"));
  }
  const form = await c.req.parseBody({ all: true });
  for (const [name, value] of Object.entries(form)) {
    if (Array.isArray(value))
      throw new ProblemError(malformedBody(`The field ${name} comes more than once.`));
  }
  return new Map(Object.entries(form).map(([name, value]) => [name, String(value)]));
}
