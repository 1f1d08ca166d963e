/** Counts what happens on this node, and adds it to the database in batches. Nobody ever waits for it. */
import { randomBytes } from "node:crypto";
import { networkOf, type SessionEvent, type Warn } from "coatcheck";
import type { AccountEvent } from "../accounts/account-event.ts";
import type { Kept } from "../metrics/metrics.ts";
import { endReasonOf } from "../metrics/session-end.ts";
import { BusyAddresses } from "./busy-addresses.ts";
import { type AddressCount, type Figure, type FigureBatch, grains, kept, startOf } from "./figure.ts";
import type { FigureStore } from "./figure-store.ts";
import { tookName } from "./latency.ts";
import * as names from "./names.ts";

/** How often is written if something happened, in milliseconds. */
const interval = 2_000;
/** How often how long the store takes is written, if nothing else happened: a page that is only looked at asks it too. */
const quietInterval = 30_000;
/** How often old figures are removed. */
const tidyInterval = 10 * 60_000;
const longestRetry = 30_000;

/** What the requests of people ask of the store. What runs beside them may take its time. */
const asked: ReadonlySet<string> = new Set([
  "find",
  "insert",
  "update",
  "delete",
  "findByUser",
  "deleteByUser",
]);

export interface CountersParts {
  readonly store: FigureStore;
  readonly now: () => number;
  /** Whether this node's clock is right. By a wrong one nothing is written, and above all nothing removed. */
  readonly clockAgrees: () => Promise<boolean>;
  readonly warn: Warn;
}

/**
 * While the database is away, or this node's clock is wrong, it goes on counting in memory, of which it takes no more than the kinds of what happens in
 * three hours do. A process that dies takes along what it counted since the last batch: two seconds, and how long the
 * store took in the last 30.
 */
export class Counters {
  readonly #store: FigureStore;
  readonly #now: () => number;
  readonly #clockAgrees: () => Promise<boolean>;
  readonly #warn: Warn;
  #figures = new Map<string, Figure>();
  #addresses = new Map<string, AddressCount>();
  readonly #busyAddresses = new BusyAddresses();
  /** Was sent, and is sent again until it is known to have arrived. */
  #sending: FigureBatch | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isHurried = false;
  #failures = 0;
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #hasNews = true;

  constructor({ store, now, clockAgrees, warn }: CountersParts) {
    this.#store = store;
    this.#now = now;
    this.#clockAgrees = clockAgrees;
    this.#warn = warn;
  }

  /** Whether sessions began or ended here since this was last asked. */
  readonly takeNews = (): boolean => {
    const had = this.#hasNews;
    this.#hasNews = false;
    return had;
  };

  readonly observe = (event: SessionEvent): void => {
    const name = nameOf(event);
    if (name !== undefined) this.#count(name, event.at);
    if (event.type === "created" || name?.startsWith(names.endedPrefix)) this.#hasNews = true;
    if (event.type === "throttled") this.#countAddress(event.client.ip, event.at);
  };

  readonly observeAccount = ({ event }: AccountEvent): void => {
    if (event === "sign-in-failed") this.#count(names.failedSignIn, this.#now());
  };

  /** An operation of a store that was called at `started` (`performance.now()`) has ended. */
  answered(kind: Kept, operation: string, started: number, outcome: "ok" | "failed"): void {
    if (kind !== "sessions" || !asked.has(operation)) return;
    const name = outcome === "ok" ? tookName(performance.now() - started) : names.storeFailed;
    this.#add(name, this.#now());
    this.#writeIn(quietInterval);
  }

  /** Writes what there is. It happens by itself; this is for who wants to wait for it. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isHurried = false;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Writes what there is, for the last time. */
  async close(): Promise<void> {
    await this.flush();
    // What came in while the last batch was under way.
    await this.flush();
    clearTimeout(this.#timer);
  }

  #count(name: string, at: number): void {
    this.#add(name, at);
    this.#hurry();
  }

  #add(name: string, at: number): void {
    for (const grain of Object.values(grains)) {
      const start = startOf(grain, at);
      const key = `${grain} ${start} ${name}`;
      const count = (this.#figures.get(key)?.count ?? 0) + 1;
      this.#figures.set(key, { grain, start, name, count });
    }
  }

  /** Of IPv6 the network, as the throttle counts: whoever has one address there has them all. */
  #countAddress(ip: string | undefined, at: number): void {
    if (ip === undefined) return;
    const address = networkOf(ip);
    const start = startOf(grains.hour, at);
    const more = this.#busyAddresses.come(address, start);
    if (more === 0) return;
    const key = `${start} ${address}`;
    this.#addresses.set(key, { start, address, count: (this.#addresses.get(key)?.count ?? 0) + more });
  }

  /** What was to be written later, is written soon. */
  #hurry(): void {
    if (!this.#isHurried && this.#failures === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#isHurried = true;
    }
    this.#writeIn(interval);
  }

  #writeIn(delay: number): void {
    this.#timer ??= setTimeout(() => void this.flush(), delay).unref();
  }

  async #write(): Promise<void> {
    try {
      if (!(await this.#clockAgrees())) throw new Error("The clocks of this node and of the store differ");
      this.#sending ??= this.#nextBatch();
      if (this.#sending) {
        await this.#store.add(this.#sending);
        this.#sending = undefined;
      }
      // What was counted meanwhile waits for nothing else.
      if (this.#failures > 0) this.#writeIn(interval);
      this.#failures = 0;
      await this.#tidy();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #nextBatch(): FigureBatch | undefined {
    // Counted while the clock was wrong.
    this.#forgetOutside();
    if (this.#figures.size === 0 && this.#addresses.size === 0) return undefined;
    const batch = {
      id: randomBytes(16).toString("base64url"),
      at: this.#now(),
      figures: [...this.#figures.values()],
      addresses: [...this.#addresses.values()],
    };
    this.#figures = new Map();
    this.#addresses = new Map();
    return batch;
  }

  #fail(cause: unknown): void {
    if (this.#failures === 0) this.#warn("Figures cannot be written; they are counted in memory", cause);
    const delay = Math.min(longestRetry, interval * 2 ** this.#failures);
    this.#failures += 1;
    this.#forgetOutside();
    this.#writeIn(delay);
  }

  /** What is older than it would be kept is not worth its memory either; what is yet to come did not happen then. */
  #forgetOutside(): void {
    const now = this.#now();
    for (const [key, { grain, start }] of this.#figures) {
      if (start > now || start < now - kept[grain]) this.#figures.delete(key);
    }
    for (const [key, { start }] of this.#addresses) {
      if (start > now || start < now - kept[grains.hour]) this.#addresses.delete(key);
    }
  }

  async #tidy(): Promise<void> {
    const now = this.#now();
    if (now - this.#tidiedAt < tidyInterval) return;
    this.#tidiedAt = now;
    await this.#store.deleteOld(now);
  }
}

/**
 * Who comes too late has been refused nothing: they sign in again, or their browser was remembered and the page is
 * answered. That a session was too old is told by its end.
 */
const mayComeBack: ReadonlySet<string> = new Set(["idle-timeout", "absolute-timeout"]);

/** Undefined for what the overview does not show. */
function nameOf(event: SessionEvent): string | undefined {
  const endReason = endReasonOf(event);
  if (endReason !== undefined) return names.endedPrefix + endReason;
  switch (event.type) {
    case "created":
      return event.amr.includes("remember") ? names.cameBack : names.signedIn;
    case "rejected":
      return event.remember || mayComeBack.has(event.reason)
        ? undefined
        : names.rejectedPrefix + event.reason;
    case "csrf":
      return `${names.rejectedPrefix}${event.reason === "token" ? "csrf-token" : "cross-origin"}`;
    case "throttled":
      return `${names.rejectedPrefix}throttled`;
    default:
      return undefined;
  }
}
