/**
 * The port for attempts that failed: how often somebody has guessed. Every sentence of this file is a test with the
 * same words in its contract suite (`coatcheck/testing`).
 */

/** How many failures are allowed, and how fast. Durations are in milliseconds. Whole numbers, but for `cap`. */
export interface ThrottleRule {
  /** So many failures cost no wait; at least 1. */
  readonly free: number;
  /** The wait after the last free failure. It doubles with each further one. */
  readonly firstDelay: number;
  /** The longest wait. */
  readonly longestDelay: number;
  /** From so many failures on nothing is allowed any more; `Infinity` for no cap. */
  readonly cap: number;
  /** Failures are forgotten when no attempt was counted for so long. */
  readonly forgetAfter: number;
}

/** What is known of the attempts under one key. Times are milliseconds since the epoch. */
export interface ThrottleCounter {
  /** Those under way count as failed. */
  readonly failures: number;
  /** Neither time moves backwards, whosever clock is behind, until all is forgotten. */
  readonly lastAttemptAt: number;
  /** From this millisecond on it is as if there was nothing. */
  readonly forgottenAt: number;
}

/** Whether an attempt may be made. */
export type AttemptAnswer =
  | { readonly allowed: true }
  /** `retryAfter`: how long nothing is allowed, in milliseconds. */
  | { readonly allowed: false; readonly retryAfter: number };

/** One bounded step of pruning counters. */
export interface ThrottlePruneStep {
  /** How many this step removed. */
  readonly removed: number;
  /** Where the next step begins; `undefined` when the walk has come to the end. */
  readonly next: string | undefined;
}

/**
 * Where failed attempts are counted. Methods reject only when the backend itself fails. Every method is one atomic step
 * of its backend. Stores are given the time as `now` and never judge by a clock of their own.
 *
 * A key is text of at most 64 characters, of `A-Z a-z 0-9 _ : -`.
 */
export interface ThrottleStore {
  /**
   * Counts an attempt as failed before it is made, and says whether it may be. One that may not be made is not counted
   * and prolongs nothing. Free failures cost no wait, also where the clock of who counted last is ahead.
   */
  attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer>;

  /** Takes one failure back, for an attempt that did not fail. Never below none. */
  refund(key: string): Promise<void>;

  /** Forgets everything under a key; false if there was nothing. */
  reset(key: string): Promise<boolean>;

  /** The counter, or undefined. May return one that is to be forgotten: the rule judges. */
  find(key: string): Promise<ThrottleCounter | undefined>;

  /** Looks at no more than about `batch` counters from `from` on and removes those that are to be forgotten. */
  deleteExpired(now: number, batch: number, from?: string): Promise<ThrottlePruneStep>;
}
