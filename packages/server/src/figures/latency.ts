/** How long the session store takes: counted in steps, so that the counts of all nodes can be added up. */
import { tookPrefix } from "./names.ts";

/** The upper ends of the steps, in milliseconds. What took longer than the last one is counted there as well. */
const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] as const;

/** What is counted of an operation that took so long. */
export function tookName(milliseconds: number): string {
  return tookPrefix + (steps.find((step) => milliseconds <= step) ?? steps.at(-1)!);
}

export interface Latency {
  /** How many operations there were. */
  readonly operations: number;
  /** Half of them took no longer, in milliseconds; rounded up to a step. Undefined without any. */
  readonly p50: number | undefined;
  /** 99 of 100 took no longer. */
  readonly p99: number | undefined;
}

/** @param counts how often each name was counted; others than those of `tookName` do not matter. */
export function latencyOf(counts: ReadonlyMap<string, number>): Latency {
  const perStep = steps.map((step) => counts.get(`${tookPrefix}${step}`) ?? 0);
  const operations = perStep.reduce((sum, count) => sum + count, 0);
  const within = (share: number): number | undefined => {
    let passed = 0;
    return steps.find((_, index) => {
      passed += perStep[index]!;
      return passed > 0 && passed >= operations * share;
    });
  };
  return { operations, p50: within(0.5), p99: within(0.99) };
}
