/** Pruning a store of any kind to the end, step by step. */
import assert from "node:assert/strict";

interface Pruned<Step> {
  deleteExpired(now: number, batch: number, from?: string): Promise<Step>;
}

/** Gives all steps. */
export async function walk<Step extends { readonly next: string | undefined }>(
  store: Pruned<Step>,
  now: number,
  batch: number,
): Promise<Step[]> {
  const steps: Step[] = [];
  let from: string | undefined;
  do {
    const step = await store.deleteExpired(now, batch, from);
    steps.push(step);
    assert.ok(steps.length < 10_000, "The walk does not come to an end");
    from = step.next;
  } while (from !== undefined);
  return steps;
}

/** How many these steps removed. */
export function removedIn(steps: readonly { readonly removed: number }[]): number {
  return steps.reduce((sum, { removed }) => sum + removed, 0);
}
