/** The clock of the store beside that of this node. */
import type { AskedStore } from "./asked-store.ts";

/** Whether the node may serve, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly problem?: "store-unavailable" | "clock-skew";
  /** How far the store's clock is ahead of this node's, in milliseconds; undefined where it is the same clock. */
  readonly skew?: number;
}

/** Beyond this difference of the clocks, in milliseconds, a node neither touches nor prunes. */
export const tolerableSkew = 5_000;

export class StoreClock {
  readonly #store: AskedStore;
  readonly #now: () => number;
  #agrees = true;

  constructor(store: AskedStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Whether the clocks agreed when they were last compared. */
  get agrees(): boolean {
    return this.#agrees;
  }

  async compare(): Promise<Readiness> {
    let time: number | undefined;
    try {
      time = await this.#store.time();
    } catch {
      return { ready: false, problem: "store-unavailable" };
    }
    if (time === undefined) return { ready: true };
    const skew = time - this.#now();
    this.#agrees = Math.abs(skew) <= tolerableSkew;
    return this.#agrees ? { ready: true, skew } : { ready: false, problem: "clock-skew", skew };
  }
}
