/** Forms after too many wrong passwords: what was typed stays, and it is said when to try again. */
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import { type FieldError, ProblemError } from "../problems.ts";

/** Stands in place of what was asked for. */
export class Throttled {
  readonly error: FieldError;

  constructor(retryAfter: number) {
    this.error = { field: "", message: `Too many attempts failed. Try again in ${inWords(retryAfter)}.` };
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
    return new Throttled(problem.retryAfter);
  }
}

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Rounded up: who comes back then is let in. */
export function inWords(seconds: number): string {
  const [unit, size] = units.find(([, size]) => seconds > size) ?? units[3];
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(
    Math.ceil(seconds / size),
  );
}
