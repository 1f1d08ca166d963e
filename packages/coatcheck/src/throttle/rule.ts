/**
 * The rule that decides about an attempt: pure, without a clock and without I/O. Stores whose backend counts by itself
 * have the same arithmetic in its language.
 */
import type { ThrottleCounter, ThrottleRule } from "../core/throttle-store.ts";

/** What becomes of an attempt: its counter if it may be made, or how long nothing is allowed, in milliseconds. */
export type AttemptVerdict =
  | { readonly allowed: true; readonly counter: ThrottleCounter }
  | { readonly allowed: false; readonly retryAfter: number };

/** No wait doubles more often: no number overflows, in any language. */
export const mostDoublings = 30;

/** The wait after so many failures, up to the cap. */
export function delayAfter(failures: number, { free, firstDelay, longestDelay }: ThrottleRule): number {
  if (failures < free) return 0;
  return Math.min(longestDelay, firstDelay * 2 ** Math.min(failures - free, mostDoublings));
}

/** When the next attempt may be made. While failures are free, at any time: another node's clock may be ahead. */
export function opensAt(
  { failures, lastAttemptAt, forgottenAt }: ThrottleCounter,
  rule: ThrottleRule,
): number {
  if (failures >= rule.cap) return forgottenAt;
  if (failures < rule.free) return Number.NEGATIVE_INFINITY;
  return Math.min(forgottenAt, lastAttemptAt + delayAfter(failures, rule));
}

/** Judges an attempt by what is known of those before it. */
export function judgeAttempt(
  known: ThrottleCounter | undefined,
  rule: ThrottleRule,
  now: number,
): AttemptVerdict {
  const counter = known && now < known.forgottenAt ? known : undefined;
  const retryAfter = counter ? opensAt(counter, rule) - now : 0;
  if (retryAfter > 0) return { allowed: false, retryAfter };
  return { allowed: true, counter: counted(counter, rule, now) };
}

function counted(counter: ThrottleCounter | undefined, rule: ThrottleRule, now: number): ThrottleCounter {
  const forgottenAt = now + rule.forgetAfter;
  if (!counter) return { failures: 1, lastAttemptAt: now, forgottenAt };
  return {
    failures: counter.failures + 1,
    lastAttemptAt: Math.max(counter.lastAttemptAt, now),
    forgottenAt: Math.max(counter.forgottenAt, forgottenAt),
  };
}

/** The counter after an attempt that did not fail after all. */
export function refunded(counter: ThrottleCounter): ThrottleCounter {
  return { ...counter, failures: Math.max(0, counter.failures - 1) };
}
