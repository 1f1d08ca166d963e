/** How long the word of a channel counts: until shortly after it was last proven to arrive. */
import type { ChangeWatch } from "../../core/change-watch.ts";

/**
 * Whether everything that was answered more than `maxStaleness` ago has been told. A proof counts from the moment when
 * it was asked for: what was answered before that has been told, and of what came later nothing is known.
 */
export class Trust {
  readonly #maxStaleness: number;
  readonly #now: () => number;
  #provenAt = Number.NEGATIVE_INFINITY;
  #cuts = 0;

  /** @param now a clock that never goes back, in milliseconds. */
  constructor(maxStaleness: number, now: () => number) {
    this.#maxStaleness = maxStaleness;
    this.#now = now;
  }

  get holds(): boolean {
    return this.#now() - this.#provenAt < this.#maxStaleness;
  }

  /** Asks for a proof. Rejects if there was none: then trust runs out by itself. */
  async renew(watch: Required<Pick<ChangeWatch, "prove">>): Promise<void> {
    const askedAt = this.#now();
    const cuts = this.#cuts;
    await watch.prove();
    if (this.#cuts === cuts) this.#provenAt = askedAt;
  }

  /** The channel was cut. Proofs that were asked for before say nothing about the next one. */
  lose(): void {
    this.#cuts += 1;
    this.#provenAt = Number.NEGATIVE_INFINITY;
  }
}
