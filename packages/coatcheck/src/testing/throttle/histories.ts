/** Random histories of attempts under one key, and what the pure rule makes of them. */
import assert from "node:assert/strict";
import type * as FastCheck from "fast-check";
import type { ThrottleCounter, ThrottleRule, ThrottleStore } from "../../core/throttle-store.ts";
import { judgeAttempt, refunded } from "../../throttle/rule.ts";

type Step =
  | { readonly do: "attempt" | "refund" | "reset" }
  /** Time passes until this many milliseconds before the next attempt may be made, or after. */
  | { readonly do: "wait"; readonly until: number }
  /** Below 0: the next one comes to a node whose clock is behind. */
  | { readonly do: "pass"; readonly milliseconds: number };

export interface History {
  readonly rule: ThrottleRule;
  readonly steps: readonly Step[];
}

const day = 24 * 60 * 60_000;

export async function histories(): Promise<FastCheck.Arbitrary<History>> {
  const { array, constant, constantFrom, integer, oneof, record } = await import("fast-check");
  const rule = record({
    free: integer({ min: 1, max: 6 }),
    firstDelay: constantFrom(1, 7, 1_000, 60_000, 2 ** 31),
    longestDelay: constantFrom(1_000, 900_000, 30 * day),
    cap: oneof(integer({ min: 1, max: 45 }), constant(Number.POSITIVE_INFINITY)),
    forgetAfter: constantFrom(1_000, 3_600_000, 30 * day),
  });
  const step: FastCheck.Arbitrary<Step> = oneof(
    { weight: 6, arbitrary: constant({ do: "attempt" }) },
    { weight: 6, arbitrary: record({ do: constant("wait"), until: integer({ min: -1, max: 1 }) }) },
    {
      weight: 1,
      arbitrary: record({
        do: constant("pass"),
        milliseconds: oneof(integer({ min: -5_000, max: 0 }), integer({ min: 0, max: 2 * day })),
      }),
    },
    { weight: 1, arbitrary: constant({ do: "refund" }) },
    { weight: 1, arbitrary: constant({ do: "reset" }) },
  );
  return record({ rule, steps: array(step, { maxLength: 60 }) });
}

/** Plays a history in the store and in plain values, and compares every answer and every counter. */
export async function sameAsRule(
  store: ThrottleStore,
  key: string,
  { rule, steps }: History,
  beginning: number,
): Promise<void> {
  let now = beginning;
  let counter: ThrottleCounter | undefined;
  for (const step of steps) {
    const verdict = judgeAttempt(counter, rule, now);
    switch (step.do) {
      case "attempt":
        assert.deepEqual(await store.attempt(key, rule, now), answerOf(verdict));
        if (verdict.allowed) counter = verdict.counter;
        break;
      case "refund":
        await store.refund(key);
        counter &&= refunded(counter);
        break;
      case "reset":
        assert.equal(await store.reset(key), counter !== undefined);
        counter = undefined;
        break;
      case "wait":
        now += Math.max(0, (verdict.allowed ? 0 : verdict.retryAfter) + step.until);
        break;
      case "pass":
        now += step.milliseconds;
    }
    const found = await store.find(key);
    assert.deepEqual(found && { ...found }, counter);
  }
}

function answerOf(verdict: ReturnType<typeof judgeAttempt>): object {
  return verdict.allowed ? { allowed: true } : { allowed: false, retryAfter: verdict.retryAfter };
}
