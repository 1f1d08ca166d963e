/** Sessions in the memory of this process: for tests, and for programs of a single process that may forget. */

import type { AuditStore } from "../audit/audit-store.ts";
import type { Finding } from "../core/finding.ts";
import { changed, frozen, isLive, leaving, meets } from "../core/record.ts";
import type { RememberStore } from "../core/remember-store.ts";
import {
  type CountStep,
  type EndedSession,
  type EndReason,
  type InsertResult,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  tombstone,
  type UpdateCondition,
} from "../core/store.ts";
import type { ThrottleStore } from "../core/throttle-store.ts";
import type { SessionId } from "../core/token.ts";
import { MemoryAuditStore } from "./memory/audit.ts";
import { Rack } from "./memory/rack.ts";
import { MemoryRememberStore } from "./memory/remember.ts";
import { MemoryThrottleStore } from "./memory/throttle.ts";

/** How much a `MemorySessionStore` may hold. */
export interface MemorySessionStoreOptions {
  /**
   * The most sessions that are kept at a time; a sign-in beyond it fails. Default 100,000, about 100 MB.
   * As many tombstones are kept beside them, of which the oldest make way: they only explain. As many browsers are
   * remembered; a further one is not. As many counters of failed attempts are kept, of which those make way that were
   * used least recently.
   */
  readonly maximumSessions?: number;
}

/**
 * Keeps sessions in this process: nothing outlives it, and no other process sees them.
 *
 * Full, it drops what has expired; if all are alive, `insert` rejects, so that the newcomer sees an outage (503).
 * Making room by ending somebody's session would let anyone with an account sign the others out.
 */
export class MemorySessionStore implements SessionStore {
  /** Nothing here can hang. */
  readonly timeout: number = Number.POSITIVE_INFINITY;
  /** What happened; the last 10,000 records, as long as this process lives. */
  readonly audit: AuditStore = new MemoryAuditStore();
  /** Browsers that may come back without a password; as many as sessions. */
  readonly remember: RememberStore;
  /** Failed attempts, in the same place. */
  readonly throttle: ThrottleStore;
  readonly #maximum: number;
  readonly #sessions = new Rack<SessionRecord>();
  readonly #tombstones = new Rack<EndedSession>();
  readonly #idsByUser = new Map<string, Set<SessionId>>();

  /** @throws TypeError if `maximumSessions` is no whole number from 1 on. */
  constructor(options: MemorySessionStoreOptions = {}) {
    const { maximumSessions = 100_000 } = options;
    if (!Number.isSafeInteger(maximumSessions) || maximumSessions < 1) {
      throw new TypeError("maximumSessions must be a whole number from 1 on");
    }
    this.#maximum = maximumSessions;
    this.remember = new MemoryRememberStore(maximumSessions);
    this.throttle = new MemoryThrottleStore(maximumSessions);
  }

  // No method awaits anything: each has done its work before it returns, and so is one atomic step.

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    if (this.#sessions.get(record.id) || this.#tombstones.get(record.id)) {
      return { inserted: false, because: "duplicate" };
    }
    const ended = limit ? leaving(this.#sessionsOf(record.userId), limit, now) : [];
    if (!ended) return { inserted: false, because: "limit" };
    if (ended.length === 0) this.#assertRoom(now);
    for (const { record: former, reason } of ended) this.#end(former, reason, now);
    this.#add(frozen(record));
    return { inserted: true, ended };
  }

  async find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
    return this.#sessions.get(id) ?? this.#tombstones.get(id);
  }

  /** What is here is as new as what `find` says, and needs no waiting. */
  recent(id: SessionId): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  async update(
    id: SessionId,
    change: SessionChange,
    now: number,
    condition?: UpdateCondition,
  ): Promise<boolean> {
    const record = this.#sessions.get(id);
    if (!record || !isLive(record, now) || !meets(record, condition)) return false;
    this.#sessions.replace(frozen(changed(record, change)));
    return true;
  }

  async delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    const record = this.#sessions.get(id);
    if (record) this.#end(record, reason, now);
    return record;
  }

  async findByUser(userId: string): Promise<readonly SessionRecord[]> {
    return this.#sessionsOf(userId);
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    const ended = this.#sessionsOf(userId).filter((record) => record.id !== except);
    for (const record of ended) this.#end(record, reason, now);
    return ended;
  }

  async deleteExpired(now: number, batch: number, from = "sessions"): Promise<PruneStep> {
    const [rack, place] = from.split(":");
    const start = place === undefined ? undefined : Number(place);
    if (rack === "sessions") {
      const { seen, next } = this.#sessions.walk(batch, start);
      const expired = seen.filter((record) => !isLive(record, now));
      for (const record of expired) this.#remove(record);
      return { expired, next: next === undefined ? "tombstones" : `sessions:${next}` };
    }
    const { seen, next } = this.#tombstones.walk(batch, start);
    for (const { id, until } of seen) if (until <= now) this.#tombstones.remove(id);
    return { expired: [], next: next === undefined ? undefined : `tombstones:${next}` };
  }

  async countAlive(now: number, batch: number, from?: string): Promise<CountStep> {
    const { seen, next } = this.#sessions.walk(batch, from === undefined ? undefined : Number(from));
    const alive = seen.filter((record) => isLive(record, now)).length;
    return { alive, next: next === undefined ? undefined : String(next) };
  }

  async time(): Promise<undefined> {
    return undefined;
  }

  async diagnose(): Promise<readonly Finding[]> {
    return [forgetful];
  }

  #sessionsOf(userId: string): SessionRecord[] {
    return Array.from(this.#idsByUser.get(userId) ?? [], (id) => this.#sessions.get(id)!);
  }

  #add(record: SessionRecord): void {
    this.#sessions.add(record);
    const ids = this.#idsByUser.get(record.userId);
    if (ids) ids.add(record.id);
    else this.#idsByUser.set(record.userId, new Set([record.id]));
  }

  #end(record: SessionRecord, reason: EndReason, now: number): void {
    this.#remove(record);
    this.#tombstones.add(Object.freeze(tombstone(record, reason, now)));
    if (this.#tombstones.size > this.#maximum) this.#tombstones.removeOldest();
  }

  #remove({ id, userId }: SessionRecord): void {
    this.#sessions.remove(id);
    const ids = this.#idsByUser.get(userId)!;
    ids.delete(id);
    if (ids.size === 0) this.#idsByUser.delete(userId);
  }

  #assertRoom(now: number): void {
    if (this.#sessions.size < this.#maximum) return;
    const { seen } = this.#sessions.walk(this.#sessions.size);
    for (const record of seen) if (!isLive(record, now)) this.#remove(record);
    if (this.#sessions.size < this.#maximum) return;
    throw new Error(
      `MemorySessionStore is full: ${this.#maximum} live sessions. Raise maximumSessions, or keep sessions in a database`,
    );
  }
}

const forgetful: Finding = {
  code: "memory-store",
  severity: "warning",
  what: "Sessions are kept in the memory of this process.",
  why: "A restart signs everybody out, and other processes do not know them.",
  fix: 'Keep them in a file: new SqliteSessionStore("sessions.db"), or in PostgreSQL or Redis.',
};
