/** What the number of sessions does to the cost of each of them. */
import { Child } from "./child.ts";
import { type Crowd, crowds } from "./crowds.ts";
import { type Pauses, watched } from "./pauses.ts";
import type { Run } from "./section.ts";
import { type Figure, figure } from "./statistics.ts";
import { type Place, type StoreName, stores, uncached } from "./stores.ts";

export const sizes = [10_000, 100_000, 1_000_000] as const;

export type Size = (typeof sizes)[number];

export const growthDeeds = ["validate", "list", "revoke", "prune"] as const;

export type GrowthDeed = (typeof growthDeeds)[number];

export type GrowthQuestion =
  | { readonly importFrom: number; readonly to: number; readonly of: number }
  | { readonly copies: number }
  | { readonly deed: GrowthDeed; readonly crowd: Crowd; readonly milliseconds: number }
  | "prune all";

/** One operation, one after another. */
export interface Cost {
  /** Until it was answered. */
  readonly wall: number;
  /** Processor time of the process that asked. */
  readonly cpu: number;
}

export interface Pruned {
  readonly milliseconds: number;
  readonly removed: number;
  readonly pauses: Pauses;
}

export interface GrowthResult {
  readonly store: StoreName;
  /** How many of the million were imported one by one, many at once, and in how many milliseconds. */
  readonly imported: { readonly sessions: number; readonly milliseconds: number };
  readonly costs: readonly CostResult[];
  /** Of the million, half of them expired. */
  readonly pruned: Pruned;
  /** Of a process that does nothing meanwhile: what the machine has to do with it. */
  readonly pausesOfIdle: Pauses;
}

/** In microseconds. */
export interface CostResult {
  readonly size: Size;
  readonly deed: GrowthDeed;
  /** How many sessions the user has. */
  readonly crowd: Crowd;
  readonly wall: Figure;
  readonly cpu: Figure;
}

type GrowthAnswer = Cost | Pruned | number;

/** Less than the patience of a child is long. */
const portion = 50_000;

const milliseconds = 40;

/**
 * PostgreSQL, which waits for its disk at each commit, would take ten minutes to fill. It copies these instead: what
 * is measured afterwards does not depend on how the sessions came there.
 */
const originals = 10_000;

/** One store after the other: each has a million sessions for a while. */
export async function measureGrowth(run: Run): Promise<GrowthResult[]> {
  const results: GrowthResult[] = [];
  const wanted = uncached.filter((name) => run.words.every((word) => name.includes(word.toLowerCase())));
  for (const store of wanted) results.push(await measureStore(store, run));
  return results;
}

async function measureStore(store: StoreName, run: Run): Promise<GrowthResult> {
  const children = new Map<Size, Child<GrowthQuestion, GrowthAnswer>>();
  try {
    for (const [index, size] of sizes.entries()) {
      const place = await run.place(`growth_${store}_${size}`, stores[store].database);
      const arguments_ = [store, ownDatabase(place, index)];
      // On any core: a store that has a thread of its own shall have a place for it.
      children.set(size, new Child("growth-worker.ts", "any", arguments_));
    }
    let imported = { sessions: 0, milliseconds: 0 };
    for (const [size, child] of children) {
      imported = await fill(child, store, size);
      run.progress(`growth, ${stores[store].title}: ${size.toLocaleString("en")} sessions`);
    }
    const costs = await measureCosts(children, run.rounds);
    run.progress(`growth, ${stores[store].title}: costs`);
    const largest = children.get(sizes.at(-1)!)!;
    const { result: pruned, pauses: pausesOfIdle } = await watched(() => largest.ask<Pruned>("prune all"));
    run.progress(`growth, ${stores[store].title}: pruned`);
    return { store, imported, costs, pruned, pausesOfIdle };
  } finally {
    for (const child of children.values()) child.stop();
  }
}

/** Pruning walks over all keys of a Redis database: each size has one for itself. */
function ownDatabase(place: Place, index: number): Place {
  const { redis } = place.databases;
  return redis ? { ...place, databases: { redis: `${redis}/${index}` } } : place;
}

async function fill(child: Child<GrowthQuestion, GrowthAnswer>, store: StoreName, size: Size) {
  const sessions = store === "postgres" ? Math.min(size, originals) : size;
  let milliseconds = 0;
  for (let from = 0; from < sessions; from += portion) {
    const to = Math.min(from + portion, sessions);
    milliseconds += await child.ask<number>({ importFrom: from, to, of: sessions });
  }
  if (sessions < size) await child.ask<number>({ copies: size / sessions });
  return { sessions, milliseconds };
}

/** Round by round, and in a round from size to size: what disturbs the machine disturbs all of them. */
async function measureCosts(
  children: ReadonlyMap<Size, Child<GrowthQuestion, GrowthAnswer>>,
  rounds: number,
): Promise<CostResult[]> {
  const seen = new Map<string, { cell: Omit<CostResult, "wall" | "cpu">; costs: Cost[] }>();
  for (let round = -1; round < rounds; round++) {
    for (const [deed, crowd] of rows) {
      for (const [size, child] of children) {
        const cost = await child.ask<Cost>({ deed, crowd, milliseconds });
        const key = `${deed} ${crowd} ${size}`;
        if (!seen.has(key)) seen.set(key, { cell: { size, deed, crowd }, costs: [] });
        // The first round warms up.
        if (round >= 0) seen.get(key)!.costs.push(cost);
      }
    }
  }
  return [...seen.values()].map(({ cell, costs }) => ({
    ...cell,
    wall: figure(costs.map(({ wall }) => wall)),
    cpu: figure(costs.map(({ cpu }) => cpu)),
  }));
}

/** What is measured at each size. A step of pruning knows no users. */
const rows: readonly (readonly [GrowthDeed, Crowd])[] = growthDeeds.flatMap((deed) =>
  (deed === "prune" ? [1 as const] : crowds).map((crowd) => [deed, crowd] as const),
);
