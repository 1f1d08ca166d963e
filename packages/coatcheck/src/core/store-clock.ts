/** The clock of the store beside that of this node. */
import type { AskedStore } from "./asked-store.ts";
import { StoreUnavailableError } from "./errors.ts";

/** Whether the node may serve, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly problem?: "store-unavailable" | "clock-skew";
  /** How far the store's clock is ahead of this node's, in milliseconds; undefined where it is the same clock. */
  readonly skew?: number;
}

/**
 * Beyond this difference of the clocks, in milliseconds, a node does nothing by the time that other nodes would have to
 * live with: it does not touch, prune or renew, and takes nothing for expired or stolen that others may not.
 */
export const tolerableSkew = 5_000;

export class StoreClock {
  readonly #store: AskedStore;
  readonly #now: () => number;
  readonly #steady: (() => number) | undefined;
  #agrees = true;
  /** How far the clock was ahead of the steady one when it was last compared; undefined if there was nothing to compare. */
  #lead: number | undefined;
  #isComparing = false;

  /** @param steady a clock that nobody sets, in milliseconds: by it a jump of the other is noticed at once. */
  constructor(store: AskedStore, now: () => number, steady?: () => number) {
    this.#store = store;
    this.#now = now;
    this.#steady = steady;
  }

  /** Whether the clocks agreed when they were last compared, and this node's has not jumped since. */
  get agrees(): boolean {
    const hasJumped = this.#lead !== undefined && Math.abs(this.#leadNow() - this.#lead) > tolerableSkew;
    if (!hasJumped) return this.#agrees;
    if (!this.#isComparing) void this.#compareOnce();
    return false;
  }

  async compare(): Promise<Readiness> {
    try {
      return await this.#compared();
    } catch {
      return { ready: false, problem: "store-unavailable" };
    }
  }

  /**
   * To be awaited before a write by this node's time that other nodes would have to live with, where it cannot be left out.
   * @throws StoreUnavailableError while the clocks differ, or if that cannot be known.
   */
  async assertAgrees(): Promise<void> {
    if (this.agrees || (await this.#compared()).ready) return;
    throw new StoreUnavailableError("time", new Error("The clocks of this node and of the store differ"));
  }

  /**
   * The time by which nothing has expired that is alive by the store's clock, or by this node's.
   * @throws StoreUnavailableError if this node's clock is wrong, and the store does not say by how much.
   */
  async earliest(): Promise<number> {
    if (this.agrees) return this.#now();
    const { skew = 0 } = await this.#compared();
    return this.#now() + Math.min(0, skew);
  }

  /** @throws StoreUnavailableError if the store failed. */
  async #compared(): Promise<Readiness> {
    const lead = this.#leadNow();
    const time = await this.#store.time();
    if (time === undefined) return { ready: true };
    this.#lead = lead;
    const skew = time - this.#now();
    this.#agrees = Math.abs(skew) <= tolerableSkew;
    return this.#agrees ? { ready: true, skew } : { ready: false, problem: "clock-skew", skew };
  }

  async #compareOnce(): Promise<void> {
    this.#isComparing = true;
    await this.compare();
    this.#isComparing = false;
  }

  #leadNow(): number {
    return this.#steady ? this.#now() - this.#steady() : 0;
  }
}
