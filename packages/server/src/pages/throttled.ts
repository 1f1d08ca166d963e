/** Forms after too many wrong passwords: what was typed stays, and it is said when to try again. */
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import { isClosed, ProblemError } from "../problems.ts";
import type { Words } from "../words/words.ts";
import type { FormError } from "./form.ts";
import { html } from "./html.ts";
import { waitInWords } from "./moment.ts";

/** Stands in place of what was asked for. */
export class Throttled {
  readonly error: FormError;

  constructor(words: Words, retryAfter: number) {
    const { wait, closed, over } = words.throttled;
    const when = html`<span aria-live="off" data-wait="${retryAfter}">${waitInWords(words, retryAfter)}</span>`;
    const said = isClosed(retryAfter)
      ? closed((text) => html`<a href="/forgot">${text}</a>`, when)
      : wait(when);
    this.error = { field: "", message: html`<span data-over="${over}">${said}</span>` };
  }
}

/** What the work gives, or that it has to wait; the answer says so too. */
export async function unlessThrottled<T>(c: Context<AppEnv>, work: Promise<T>): Promise<T | Throttled> {
  try {
    return await work;
  } catch (error) {
    const problem = error instanceof ProblemError ? error.problem : undefined;
    if (problem?.status !== 429 || problem.retryAfter === undefined) throw error;
    c.header("Retry-After", String(problem.retryAfter));
    return new Throttled(c.var.words, problem.retryAfter);
  }
}
