/**
 * What lies behind a manager, for the parts of the core and for features: the rules, the clock, the stores and who is
 * told. It is no part of what the package exports.
 */
import { type AskedStore, askedStore } from "./asked-store.ts";
import { attemptsIn } from "./attempts.ts";
import { SessionData } from "./data.ts";
import type { Warn } from "./events.ts";
import type { SessionManagerOptions } from "./manager.ts";
import { Observers } from "./observers.ts";
import { definePolicy, type SessionPolicy } from "./policy.ts";
import type { RememberStore } from "./remember-store.ts";
import { rememberedBy } from "./remembered.ts";
import { Session } from "./session.ts";
import type { SessionRecord } from "./store.ts";
import { StoreClock } from "./store-clock.ts";
import type { ThrottleStore } from "./throttle-store.ts";
import { ToldClients } from "./told-clients.ts";
import { Touches } from "./touches.ts";
import { WatchedSessions } from "./watched-sessions.ts";

export class House<D = unknown> {
  readonly policy: SessionPolicy;
  readonly now: () => number;
  readonly warn: Warn;
  readonly store: AskedStore;
  /** Undefined if the store remembers no browsers. */
  readonly remembered: RememberStore | undefined;
  /** Undefined if the store counts no attempts. */
  readonly attempts: ThrottleStore | undefined;
  readonly data: SessionData<D>;
  readonly observers: Observers;
  readonly storeClock: StoreClock;
  readonly touches: Touches;
  readonly toldClients: ToldClients = new ToldClients();
  readonly watched: WatchedSessions;

  /** @throws TypeError if an option makes no sense. */
  constructor(options: SessionManagerOptions<D>) {
    if (typeof options?.store?.find !== "function") {
      throw new TypeError(
        "SessionManager needs a store: new SessionManager({ store: new MemorySessionStore() })",
      );
    }
    this.policy = definePolicy(options.policy);
    this.now = options.now ?? Date.now;
    this.warn =
      options.warn ?? ((message, cause) => console.warn(`coatcheck: ${message}`, ...(cause ? [cause] : [])));
    this.store = askedStore(options.store);
    this.remembered = rememberedBy(options.store, this.policy);
    this.attempts = attemptsIn(options.store);
    this.data = new SessionData(options.data);
    this.observers = new Observers(this.now, this.warn);
    // Another clock may go as it likes.
    const steady = this.now === Date.now ? () => performance.now() : undefined;
    this.storeClock = new StoreClock(this.store, this.now, steady);
    this.touches = new Touches(this);
    this.watched = new WatchedSessions(this);
    if (options.onEvent) this.observers.add(options.onEvent);
  }

  /** A record as the application sees it. */
  session(record: SessionRecord, rememberedUntil?: number): Session<D> {
    return new Session(record, this, rememberedUntil);
  }

  /** The data of a session; empty if they cannot be read. */
  dataOf(record: SessionRecord): D {
    const { data, issues } = this.data.read(record);
    if (issues) this.observers.tellOf(record, { type: "data-unreadable", issues });
    return data;
  }
}
