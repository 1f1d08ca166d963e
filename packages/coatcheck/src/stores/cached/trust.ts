/** How long the word of a channel counts: until shortly after it was last proven to arrive. */
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

  /** Asks for a proof; false if the channel was cut meanwhile. Rejects if there was none: then trust runs out by itself. */
  async renew(prove: () => Promise<void>): Promise<boolean> {
    const askedAt = this.#now();
    const cuts = this.#cuts;
    await prove();
    if (this.#cuts !== cuts) return false;
    this.#provenAt = Math.max(this.#provenAt, askedAt);
    return true;
  }

  /** The channel was cut. Proofs that were asked for before say nothing about the next one. */
  lose(): void {
    this.#cuts += 1;
    this.#provenAt = Number.NEGATIVE_INFINITY;
  }
}
