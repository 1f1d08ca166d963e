/** The port for figures: they lie in the server's own database, where all nodes add to them. */
import type { AddressCount, Figure, FigureBatch, Grain } from "./figure.ts";

/** How many sessions were alive at a moment. */
export interface Census {
  readonly countedAt: number;
  readonly alive: number;
}

/** Methods reject only when the database itself fails. Each is one atomic step. */
export interface FigureStore {
  /** Adds to what is there. A batch that is there already is not added again. */
  add(batch: FigureBatch): Promise<void>;

  /** What was counted in pieces that began from `from` to `to`, both included. Pieces in which nothing happened are missing. */
  read(grain: Grain, from: number, to: number): Promise<readonly Figure[]>;

  /** The addresses that were refused most in hours that began from `from` to `to`, the most refused first. */
  addresses(from: number, to: number, limit: number): Promise<readonly Omit<AddressCount, "start">[]>;

  /** Another text whenever something was added or counted since. */
  version(): Promise<string>;

  /**
   * Whether it is the caller's turn to count sessions, which nobody else's is until `until`. What keeps the caller from
   * it for longer than until `farthest` does not count: a wrong clock noted it.
   */
  claimCensus(now: number, until: number, farthest: number): Promise<boolean>;

  /** Notes what was counted, and when it may be counted again. */
  noteCensus(census: Census, dueAt: number): Promise<void>;

  /** Lets it be counted from then on, where nothing came of a turn. */
  postponeCensus(dueAt: number): Promise<void>;

  /** The last one; undefined if there was none. */
  census(): Promise<Census | undefined>;

  /** Removes what is older than it is kept. */
  deleteOld(now: number): Promise<void>;
}
