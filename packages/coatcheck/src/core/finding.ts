/** What an examination found. */

/** One thing that is not as it should be, and how to put it right. */
export interface Finding {
  /** Stable, for programs to compare: `redis-eviction`. */
  readonly code: string;
  /**
   * `error`: sessions do not work, or a promise of the library does not hold. `warning`: they work, but something will
   * hurt. `note`: a choice that should be a conscious one.
   */
  readonly severity: "error" | "warning" | "note";
  /** What is wrong. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
}
