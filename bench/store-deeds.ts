/** What is measured of each store, without HTTP. */
import { Child } from "./child.ts";
import type { Run } from "./section.ts";
import { type Figure, figure } from "./statistics.ts";
import { type StoreName, stores, uncached } from "./stores.ts";

/** Those that add sessions come last: all others are measured with the same ten thousand. */
export const deeds = [
  "validate",
  "validate, 64 at once",
  "find",
  "update",
  "insert",
  "create, 64 at once",
] as const;

export type Deed = (typeof deeds)[number];

export type StoreQuestion =
  | { readonly deed: Deed; readonly milliseconds: number }
  | "bytes per session"
  | "round trips per validation";

/** One round of one deed. */
export interface StoreAnswer {
  readonly perSecond: number;
  /** Processor time of one operation. */
  readonly microseconds: number;
}

export interface StoreResult {
  readonly store: StoreName;
  readonly bytesPerSession: number;
  /** Between the process and the database that it asks; none where it asks none. */
  readonly roundTripsPerValidation: number;
  readonly deeds: Readonly<Record<Deed, { readonly perSecond: Figure; readonly microseconds: Figure }>>;
}

/** Measures all stores, round by round in turn. */
export async function measureStores(
  { rounds, place, progress }: Run,
  milliseconds: number,
): Promise<StoreResult[]> {
  const names = uncached;
  const places = await Promise.all(names.map((name) => place(name, stores[name].database)));
  const workers = names.map(
    (name, at) =>
      new Child<StoreQuestion, StoreAnswer | number>("store-worker.ts", "measured", [name, places[at]]),
  );
  const seen = new Map<string, StoreAnswer[]>();
  try {
    for (const deed of deeds) {
      for (let round = -1; round < rounds; round++) {
        for (const [at, name] of names.entries()) {
          const answer = await workers[at]!.ask<StoreAnswer>({ deed, milliseconds });
          // The first round warms up.
          if (round >= 0) add(seen, `${name} ${deed}`, answer);
        }
      }
      progress(`stores: ${deed}`);
    }
    return await Promise.all(
      names.map(async (store, at) => ({
        store,
        bytesPerSession: await workers[at]!.ask<number>("bytes per session"),
        roundTripsPerValidation: await workers[at]!.ask<number>("round trips per validation"),
        deeds: Object.fromEntries(
          deeds.map((deed) => [deed, figures(seen.get(`${store} ${deed}`)!)]),
        ) as StoreResult["deeds"],
      })),
    );
  } finally {
    for (const worker of workers) worker.stop();
  }
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function figures(answers: readonly StoreAnswer[]) {
  return {
    perSecond: figure(answers.map(({ perSecond }) => perSecond)),
    microseconds: figure(answers.map(({ microseconds }) => microseconds)),
  };
}
