/**
 * Tokens that were never ours, counted by address on this node: who invents tokens should not have the store look them
 * up without end. Nothing is kept of an address without garbage, and nothing is asked while there is none.
 */

const minute = 60_000;
/** Of so many addresses garbage is counted. Of further ones that of the address that was quiet the longest is forgotten. */
const mostNetworks = 10_000;
/** So many sessions of an address are known to be good. */
const mostVouched = 1_000;

/** A bucket that fills up again by the minute. */
interface Bucket {
  /** Tokens that may still be looked up. */
  left: number;
  at: number;
  /** Hashes of tokens that opened a session since the first garbage. */
  readonly vouched: Set<string>;
}

export class GarbageCount {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, Bucket>();
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether there has been no garbage from anywhere for so long that every bucket is full. */
  isQuiet(now: number): boolean {
    if (this.#buckets.size === 0) return true;
    if (now - this.#lastAt < minute) return false;
    this.#buckets.clear();
    return true;
  }

  /**
   * How long a token from this address is not looked up, in milliseconds; 0 if it is.
   * @param hash of the token; undefined if it is none.
   */
  wait(network: string, hash: string | undefined, now: number): number {
    const bucket = this.#bucket(network, now);
    if (!bucket || bucket.left >= 1 || (hash !== undefined && bucket.vouched.has(hash))) return 0;
    return Math.ceil(((1 - bucket.left) * minute) / this.#perMinute);
  }

  /** Counts a token that was never ours; true if it was the last one for now. */
  count(network: string, now: number): boolean {
    const bucket = this.#bucket(network, now) ?? { left: this.#perMinute, at: now, vouched: new Set() };
    this.#lastAt = now;
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    if (this.#buckets.size > mostNetworks) this.#forgetQuietest();
    bucket.left = Math.max(0, bucket.left - 1);
    return bucket.left < 1;
  }

  /** Notes that a token opened a session, or was given out for one. */
  vouch(network: string, hash: string, now: number): void {
    const vouched = this.#bucket(network, now)?.vouched;
    if (!vouched) return;
    vouched.delete(hash);
    vouched.add(hash);
    if (vouched.size > mostVouched) vouched.delete(vouched.values().next().value!);
  }

  /** As it is now. A full one is forgotten. */
  #bucket(network: string, now: number): Bucket | undefined {
    const bucket = this.#buckets.get(network);
    if (!bucket) return undefined;
    bucket.left += (Math.max(0, now - bucket.at) * this.#perMinute) / minute;
    bucket.at = now;
    if (bucket.left < this.#perMinute) return bucket;
    this.#buckets.delete(network);
    return undefined;
  }

  #forgetQuietest(): void {
    const [quietest] = this.#buckets.keys();
    this.#buckets.delete(quietest!);
  }
}
