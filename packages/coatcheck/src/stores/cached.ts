/** A store that answers from memory what it may: as fast as a map, and told at once when a session ends anywhere. */
import type { AuditStore } from "../audit/audit-store.ts";
import type { ChangeWatch } from "../core/change-watch.ts";
import { within } from "../core/deadline.ts";
import type { Finding } from "../core/finding.ts";
import type { RememberStore } from "../core/remember-store.ts";
import type { ProjectedDirectory, SessionDirectory } from "../core/session-directory.ts";
import {
  type EndedSession,
  type EndReason,
  type InsertResult,
  isEnded,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  type UpdateCondition,
} from "../core/store.ts";
import type { ThrottleStore } from "../core/throttle-store.ts";
import type { SessionId } from "../core/token.ts";
import { KeptRecords, type Read } from "./cached/kept-records.ts";
import { Trust } from "./cached/trust.ts";

/** How a cache works. */
export interface CacheOptions {
  /** How many records are kept at most, about 1 KB each and their data. Those go first that were not used lately. Default 10,000. */
  readonly maximumSessions?: number;
  /**
   * The longest time, in milliseconds, for which a session that was ended on another node may still be good here, with
   * the channel cut. Default 1000. While the channel works it is told at once.
   */
  readonly maxStaleness?: number;
  /** A clock that never goes back, in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

/** A store that can be watched. */
export type CacheableStore = SessionStore & Required<Pick<SessionStore, "watch">>;

/** Where sessions are searched: these, and those that live elsewhere. */
interface SearchableStore {
  readonly directory?: SessionDirectory;
  readonly projection?: ProjectedDirectory;
}

/** What a store answers beside its sessions is the store's own. */
type Companions<S> = Pick<
  S,
  Extract<keyof S, "remember" | "throttle" | "audit" | "directory" | "projection" | "countAlive">
>;

/** A store with a cache before it. */
export type CachedStore<S extends CacheableStore> = CachedSessionStore & Companions<S>;

/** So many proofs are asked for within `maxStaleness`: one that is lost or late does not turn the cache off. */
const proofsWithinStaleness = 4;

/**
 * Puts a cache before a store: `new SessionManager({ store: cached(new RedisSessionStore(client)) })`.
 *
 * The cache says one thing only: that a token is the current one of a live session. Everything else the store is asked.
 * It is told of every end and change, for which it may open a connection of its own; while that is not proven to work
 * the cache is off, which costs time and nothing else. See docs/caching.md.
 *
 * @throws TypeError if the store cannot be watched, or an option makes no sense.
 */
export function cached<S extends CacheableStore>(store: S, options: CacheOptions = {}): CachedStore<S> {
  return new CachedSessionStore(store, options) as CachedStore<S>;
}

/** What `cached` makes. */
export class CachedSessionStore implements SessionStore {
  readonly timeout?: number;
  readonly remember?: RememberStore;
  readonly throttle?: ThrottleStore;
  readonly audit?: AuditStore;
  readonly directory?: SessionDirectory;
  readonly projection?: ProjectedDirectory;
  readonly countAlive?: NonNullable<SessionStore["countAlive"]>;
  readonly #store: CacheableStore & { close?(): Promise<void> };
  readonly #maxStaleness: number;
  readonly #kept: KeptRecords;
  readonly #trust: Trust;
  readonly #watch: ChangeWatch;
  readonly #listeners = new Set<(id: SessionId) => void>();
  readonly #timer: NodeJS.Timeout | undefined;
  #proof: Promise<void> = Promise.resolve();
  #nextProof: Promise<void> | undefined;
  #closed = false;
  /** Why the last proof failed, if it did. */
  #problem: unknown;

  constructor(
    store: CacheableStore & SearchableStore & { readonly audit?: AuditStore },
    options: CacheOptions,
  ) {
    const { maximumSessions = 10_000, maxStaleness = 1_000, now = () => performance.now() } = options;
    if (typeof store?.watch !== "function") {
      throw new TypeError(
        "cached needs a store that tells what others change: that of Redis, PostgreSQL or SQLite. Memory needs no cache",
      );
    }
    assertWhole("maximumSessions", maximumSessions, 2);
    assertWhole("maxStaleness", maxStaleness, 20);
    if (store.timeout !== undefined) this.timeout = store.timeout;
    if (store.remember) this.remember = store.remember;
    if (store.throttle) this.throttle = store.throttle;
    if (store.audit) this.audit = store.audit;
    if (store.directory) this.directory = store.directory;
    if (store.projection) this.projection = store.projection;
    if (store.countAlive) this.countAlive = (...step) => store.countAlive!(...step);
    this.#store = store;
    this.#maxStaleness = maxStaleness;
    this.#kept = new KeptRecords(maximumSessions);
    this.#trust = new Trust(maxStaleness, now);
    this.#watch = store.watch({
      changed: (id) => {
        this.#kept.forget(id);
        for (const listener of this.#listeners) listener(id);
      },
      anyChanged: () => this.#distrust(),
    });
    if (this.#watch.prove) {
      this.#timer = setInterval(() => void this.prove(), maxStaleness / proofsWithinStaleness).unref();
      void this.prove();
    }
  }

  /** How many records are kept at this moment. */
  get size(): number {
    return this.#kept.size;
  }

  /** Whether the cache answers: only while it is proven that it is told of what happens elsewhere. */
  get isOn(): boolean {
    return this.#isTrusted();
  }

  recent(id: SessionId): SessionRecord | undefined {
    return this.#isTrusted() ? this.#kept.get(id) : undefined;
  }

  /** What this node itself does to sessions is told too, by stores that tell of all changes. */
  onChange(listener: (id: SessionId) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Always asks the store. What it answers is kept. */
  async find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
    if (!this.#isTrusted()) return this.#store.find(id);
    const read = this.#kept.begin(id);
    const found = await this.#found(id, read);
    if (found && !isEnded(found) && !found.pending) this.#kept.end(id, read, found);
    else this.#kept.forget(id);
    return found;
  }

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    const result = await this.#write(() => this.#store.insert(record, now, limit));
    if (result.inserted) for (const { record: ended } of result.ended) this.#kept.forget(ended.id);
    // Also if another node has ended it a moment ago, of which this one may not have been told yet.
    if (result.inserted && limit?.replacing) this.#kept.forget(limit.replacing);
    return result;
  }

  async update(
    id: SessionId,
    change: SessionChange,
    now: number,
    condition?: UpdateCondition,
  ): Promise<boolean> {
    if (!isTouch(change)) return this.#writeOne(id, () => this.#store.update(id, change, now, condition));
    const updated = await this.#store.update(id, change, now, condition);
    if (updated) this.#kept.touch(id, change);
    else this.#kept.forget(id);
    return updated;
  }

  delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    return this.#writeOne(id, () => this.#store.delete(id, reason, now));
  }

  findByUser(userId: string): Promise<readonly SessionRecord[]> {
    return this.#store.findByUser(userId);
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    const ended = await this.#write(() => this.#store.deleteByUser(userId, reason, now, except));
    // Also those that another node has ended a moment ago, of which this one may not have been told yet.
    this.#kept.forgetUser(userId, except);
    return ended;
  }

  async deleteExpired(now: number, batch: number, from?: string): Promise<PruneStep> {
    const step = await this.#write(() => this.#store.deleteExpired(now, batch, from));
    for (const { id } of step.expired) this.#kept.forget(id);
    return step;
  }

  time(): Promise<number | undefined> {
    return this.#store.time();
  }

  /** What is wrong with the store, and whether the cache is off. */
  async diagnose(): Promise<readonly Finding[]> {
    const findings = (await this.#store.diagnose?.()) ?? [];
    return this.#isTrusted() ? findings : [...findings, turnedOff(this.#problem)];
  }

  /**
   * Asks for a proof that the cache was told of everything that was answered elsewhere before this call. It happens by
   * itself, several times within `maxStaleness`; this is for who wants to wait for it. Resolves when there is one, or
   * none in time: see `isOn`.
   */
  prove(): Promise<void> {
    // One that is under way may have been asked for too early, so the caller waits for the one after it.
    this.#nextProof ??= this.#proof.then(() => {
      this.#nextProof = undefined;
      this.#proof = this.#prove();
      return this.#proof;
    });
    return this.#nextProof;
  }

  /** Stops watching, and closes what the store opened. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#distrust();
    await this.#watch.close();
    await this.#store.close?.();
  }

  /** Whether everything that was answered more than `maxStaleness` ago is known here. If not, nothing is kept. */
  #isTrusted(): boolean {
    if (this.#watch.look ? this.#looks() : this.#trust.holds) return true;
    this.#kept.empty();
    return false;
  }

  async #prove(): Promise<void> {
    const { prove } = this.#watch;
    if (!prove || this.#closed) return;
    try {
      await within(
        this.#maxStaleness,
        this.#renewTrust(() => prove.call(this.#watch)),
        { keepsAlive: false },
      );
      this.#problem = undefined;
    } catch (cause) {
      if (!this.#trust.holds && !this.#closed) this.#warn(cause);
    }
  }

  /** A second time if the first had to open a channel: what was cut until then proves nothing. */
  async #renewTrust(prove: () => Promise<void>): Promise<void> {
    if (!(await this.#trust.renew(prove))) await this.#trust.renew(prove);
  }

  async #found(id: SessionId, read: Read): Promise<SessionRecord | EndedSession | undefined> {
    try {
      return await this.#store.find(id);
    } catch (error) {
      this.#kept.end(id, read, undefined);
      throw error;
    }
  }

  #looks(): boolean {
    try {
      this.#watch.look!();
      return true;
    } catch (cause) {
      this.#problem = cause;
      return false;
    }
  }

  #distrust(): void {
    this.#kept.empty();
    this.#trust.lose();
  }

  /** Before and after: an answer that was read while it was being written is not kept, whether or not it succeeds. */
  async #writeOne<T>(id: SessionId, write: () => Promise<T>): Promise<T> {
    this.#kept.forget(id);
    try {
      return await write();
    } finally {
      this.#kept.forget(id);
    }
  }

  /** Who is ended is known from the answer. Without one, it may be anybody. */
  async #write<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      this.#kept.empty();
      throw error;
    }
  }

  /** Once for each time that it goes off. */
  #warn(cause: unknown): void {
    if (this.#problem === undefined) process.emitWarning(turnedOff(cause).what, { code: "COATCHECK_CACHE" });
    this.#problem = cause;
  }
}

function isTouch(change: SessionChange): boolean {
  return change.seen !== undefined && Object.keys(change).length === 1;
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TypeError(`${name} must be a whole number from ${least} on`);
}

function turnedOff(cause: unknown): Finding {
  const because = cause instanceof Error ? cause.message : "it has not been proven yet";
  return {
    code: "cache-off",
    severity: "warning",
    what: `The session cache is off: it is not certain to be told of sign-outs on other nodes (${because}).`,
    why: "Every request asks the store: nothing is wrong, and everything is slower.",
    fix: "docs/caching.md says what Redis and PostgreSQL need for it. It comes back by itself.",
  };
}
