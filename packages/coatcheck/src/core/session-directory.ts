/**
 * The port for searching all sessions, by whom, from where, on what and when. Every sentence of this file's interfaces
 * is a test with the same words in its contract suite (`coatcheck/testing`).
 */
import type { ClientInfo } from "./fingerprint.ts";
import type { SessionId } from "./token.ts";

/** What is told of a session. Times are milliseconds since the epoch. */
export interface ListedSession {
  /** The public name. */
  readonly id: SessionId;
  readonly userId: string;
  /** Who last proved who they are. */
  readonly client: ClientInfo;
  /** How they proved it, after RFC 8176. */
  readonly amr: readonly string[];
  readonly createdAt: number;
  readonly authenticatedAt: number;
  /** Accurate to the policy's `touchInterval`. */
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/**
 * In which order. `last-active` is accurate to ten minutes: see `activityPeriod`. `user` puts the sessions of one user
 * together, in an order that each directory has for itself.
 */
export type SessionSort = "last-active" | "signed-in" | "user";

/** From one millisecond on, before another one. What is missing is no bound. */
export interface TimeSpan {
  readonly from?: number;
  readonly to?: number;
}

/** Which sessions are asked for. What is missing excludes nothing. */
export interface SessionQuery {
  readonly userId?: string;
  /** The `ip` of the client, or the beginning of one if it ends with `.` or `:`. */
  readonly address?: string;
  /** What the user agent contains, each of these; A to Z are as good as a to z. At most 32, of at most 512 characters. */
  readonly userAgent?: readonly string[];
  readonly signedIn?: TimeSpan;
  readonly lastActive?: TimeSpan;
  /** Default `last-active`. */
  readonly sort?: SessionSort;
  /** Default: the latest first; users ascending. */
  readonly direction?: "ascending" | "descending";
  /** The `next` of another page: what comes after it. */
  readonly after?: string;
  /** The `previous` of another page: what comes before it; the first page if nothing does. Not together with `after`. */
  readonly before?: string;
  /** The most sessions of a page: a whole number from 1 to 1,000. */
  readonly limit: number;
}

/** Sessions, in the order that was asked for. */
export interface SessionPage {
  readonly sessions: readonly ListedSession[];
  /** Leads on; `undefined` at the end. */
  readonly next: string | undefined;
  /** Leads back; `undefined` at the beginning, and where the page is empty. */
  readonly previous: string | undefined;
}

/**
 * Where all sessions are searched. Methods reject only when the backend itself fails. Directories are given the time as
 * `now` and never judge by a clock of their own. What is told may be a minute old: nothing that ends sessions may rely
 * on it.
 */
export interface SessionDirectory {
  /**
   * Gives the sessions that are alive at `now` and fit, in the order that is asked for, at most `limit`. It looks at a
   * bounded number of sessions, so that nobody waits for it: a page may be short, or empty, and still lead on. Pages
   * follow each other without a gap and without a repetition, forwards and backwards, whatever is added or ended
   * meanwhile. Where nothing that fits is left before a page, the page before it is the first one. What it gives opens nothing.
   */
  query(query: SessionQuery, now: number): Promise<SessionPage>;
}

/** One bounded step of pruning a projected directory. */
export interface ProjectionPruneStep {
  /** How many this step removed. */
  readonly removed: number;
  /** Where the next step begins; `undefined` when the walk has come to the end. */
  readonly next: string | undefined;
}

/**
 * A directory of sessions that live elsewhere, where they cannot be searched. Whoever sees what happens to them notes
 * it here. Every method is one atomic step of its backend. Many nodes may note at once.
 */
export interface ProjectedDirectory extends SessionDirectory {
  /** Notes sessions as they are now, whether they are known or not. */
  note(sessions: readonly ListedSession[]): Promise<void>;

  /** Forgets sessions; those that are not known are no mistake. */
  forget(ids: readonly SessionId[]): Promise<void>;

  /** Looks at no more than about `batch` sessions from `from` on and removes those that expired. */
  deleteExpired(now: number, batch: number, from?: string): Promise<ProjectionPruneStep>;
}

/**
 * How far the order of `last-active` may be behind, in milliseconds. A touch that kept it exact would write an index
 * each time, at two to three times the cost.
 */
export const activityPeriod: number = 10 * 60_000;
