/**
 * Tokens that were never ours, counted by address on this node: who invents tokens should not have the store look them
 * up without end. Nothing is kept of an address without garbage, and nothing is asked while there is none.
 */

const minute = 60_000;
/** Of so many addresses garbage is counted. Of further ones that of the address that was quiet the longest is forgotten. */
const mostNetworks = 10_000;
/** So many sessions of an address are known to be good. */
const mostVouched = 1_000;

interface Bucket {
  /** When all that may be looked up in a minute may be again: each token moves it into the future. */
  fullAt: number;
  /** Whether it has been empty since there is garbage. */
  wasEmpty: boolean;
  /** Hashes of tokens that opened a session since the first garbage. */
  readonly vouched: Set<string>;
}

/** Hashed only where there is something to compare it with. */
interface HashedToken {
  readonly secretHash: string;
}

export class GarbageCount {
  /** How long it takes until one more token may be looked up, in milliseconds. */
  readonly #interval: number;
  readonly #buckets = new Map<string, Bucket>();
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number) {
    this.#interval = minute / perMinute;
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
   * @param token undefined if it is none.
   */
  wait(network: string, token: HashedToken | undefined, now: number): number {
    const bucket = this.#bucket(network, now);
    const wait = bucket ? this.#waitFor(bucket, now) : 0;
    return wait > 0 && token && bucket?.vouched.has(token.secretHash) ? 0 : wait;
  }

  /** Counts a token that was never ours; true if it is the first one after which no more are looked up. */
  count(network: string, now: number): boolean {
    const bucket = this.#bucket(network, now) ?? { fullAt: now, wasEmpty: false, vouched: new Set() };
    bucket.fullAt = Math.min(bucket.fullAt + this.#interval, now + minute);
    this.#keep(network, bucket, now);
    if (bucket.wasEmpty || this.#waitFor(bucket, now) === 0) return false;
    bucket.wasEmpty = true;
    return true;
  }

  /** Notes that a token opened a session, or was given out for one. */
  vouch(network: string, token: HashedToken, now: number): void {
    const vouched = this.#bucket(network, now)?.vouched;
    if (!vouched) return;
    const { secretHash: hash } = token;
    vouched.delete(hash);
    vouched.add(hash);
    if (vouched.size > mostVouched) vouched.delete(vouched.values().next().value!);
  }

  #waitFor({ fullAt }: Bucket, now: number): number {
    return Math.max(0, Math.ceil(fullAt - now - (minute - this.#interval)));
  }

  /** A full one is as good as none. */
  #bucket(network: string, now: number): Bucket | undefined {
    const bucket = this.#buckets.get(network);
    return bucket && now < bucket.fullAt ? bucket : undefined;
  }

  /** The last in the row is the one with the latest garbage. */
  #keep(network: string, bucket: Bucket, now: number): void {
    this.#lastAt = now;
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    if (this.#buckets.size <= mostNetworks) return;
    const [quietest] = this.#buckets.keys();
    this.#buckets.delete(quietest!);
  }
}
