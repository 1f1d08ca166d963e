/**
 * Counts the sessions that are alive, in the background: one node at a time, in bounded steps, and so seldom that it
 * takes no more than a hundredth of a node's time, however many there are.
 */
import { setImmediate as immediate } from "node:timers/promises";
import type { SessionStore, Warn } from "coatcheck";
import type { FigureStore } from "./figure-store.ts";

/** How often it is looked whether there is something to count; also the least time between two counts, in milliseconds. */
const interval = 2_000;
/** Sessions end by themselves, too, and nobody tells. */
const longest = 30_000;
/** So many times as long as it took it is not counted again. */
const rest = 100;
/** How long a node that counts keeps the others from it. If it dies or fails, one of them begins anew then. */
const lease = 5 * 60_000;
/** However long it took. A turn that reaches farther is none: it was taken by a wrong clock. */
const longestRest = rest * lease;
/** Clocks that agree still differ a little. */
const tolerance = 60_000;
const batch = 500;

export interface CensusParts {
  readonly sessions: Pick<SessionStore, "countAlive">;
  readonly store: FigureStore;
  /** Whether sessions began or ended on this node since it was last asked. */
  readonly takeNews: () => boolean;
  readonly now: () => number;
  /** Whether this node's clock is right. By a wrong one it does not count. */
  readonly clockAgrees: () => Promise<boolean>;
  readonly warn: Warn;
  /** Measures how long it takes, in milliseconds. Default `performance.now`. */
  readonly stopwatch?: () => number;
}

export class CensusTaker {
  readonly #parts: CensusParts;
  readonly #timer: NodeJS.Timeout;
  #counting: Promise<void> | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  #isWanted = true;
  #isFailing = false;
  #isStopping = false;

  constructor(parts: CensusParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.count(), interval).unref();
  }

  /** Counts if it is due, and nobody else does. It happens by itself; this is for who wants to wait for it. */
  count(): Promise<void> {
    this.#counting ??= this.#countIfDue().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  /** Resolves when what is under way has ended, so that the stores can be closed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    await this.#counting;
  }

  async #countIfDue(): Promise<void> {
    const {
      sessions,
      store,
      takeNews,
      now,
      clockAgrees,
      warn,
      stopwatch = () => performance.now(),
    } = this.#parts;
    const at = now();
    if (takeNews()) this.#isWanted = true;
    if (!sessions.countAlive || (!this.#isWanted && at - this.#lastAt < longest)) return;
    try {
      if (!(await clockAgrees())) return;
      if (!(await store.claimCensus(at, at + lease, at + longestRest + tolerance))) return;
      // What happens from here on may be missed by the count.
      this.#isWanted = false;
      const started = stopwatch();
      const alive = await this.#walk(at);
      if (alive === undefined) return await store.postponeCensus(at);
      const took = stopwatch() - started;
      this.#lastAt = at;
      const pause = Math.min(longestRest, Math.max(interval, Math.ceil(rest * took)));
      await store.noteCensus({ countedAt: at, alive }, now() + pause);
      this.#isFailing = false;
    } catch (cause) {
      this.#isWanted = true;
      if (!this.#isFailing) warn("Sessions could not be counted", cause);
      this.#isFailing = true;
    }
  }

  /** Undefined if it was stopped. */
  async #walk(at: number): Promise<number | undefined> {
    const { sessions } = this.#parts;
    let total = 0;
    let from: string | undefined;
    do {
      const { alive, next } = await sessions.countAlive!(at, batch, from);
      total += alive;
      from = next;
      await immediate();
      if (this.#isStopping) return undefined;
    } while (from !== undefined);
    return total;
  }
}
