/**
 * The store port: where sessions live. Every sentence of this file is a test with the same words
 * in the contract suite (`coatcheck/testing`).
 */
import type { ChangeListener, ChangeWatch } from "./change-watch.ts";
import { InvalidDataError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import type { ClientInfo } from "./fingerprint.ts";
import type { RememberStore } from "./remember-store.ts";
import { isObject, readIfWhole } from "./stored.ts";
import type { ThrottleStore } from "./throttle-store.ts";
import type { SessionId } from "./token.ts";

/**
 * What a store keeps about a live session: flat, plain and immutable. All times are milliseconds
 * since the epoch. No field opens a session: tokens are kept as SHA-256 hashes only.
 */
export interface SessionRecord {
  readonly id: SessionId;
  readonly userId: string;
  /** SHA-256 of the token's family: tells a token that was once ours from a guess. */
  readonly familyHash: string;
  /** SHA-256 over family and current secret. */
  readonly secretHash: string;
  /** When the current secret was issued. A renewal is due some time after it. */
  readonly secretIssuedAt: number;
  /** A renewal whose successor has not been seen yet. */
  readonly pending?: PendingRenewal;
  /** Former secrets that are still accepted for the grace. */
  readonly superseded: readonly SupersededSecret[];
  /** Advances by one with each change of `secret`. */
  readonly secretRevision: number;
  readonly createdAt: number;
  /** When the user last proved who they are. */
  readonly authenticatedAt: number;
  /** How they proved it: `pwd`, `remember`, … (RFC 8176). */
  readonly amr: readonly string[];
  readonly lastSeenAt: number;
  /** The earlier of the idle and the absolute deadline. The session is dead from this millisecond on. */
  readonly expiresAt: number;
  /** Who last proved who they are: who signed in, or authenticated again since. */
  readonly client: ClientInfo;
  /** The fingerprint of that client, where the policy asks for one: `<signals>:<keyed digest>`. */
  readonly fingerprint?: string;
  /** The application's data: the JSON text of one object. Stores merge it key by key and never look inside a value. */
  readonly data: string;
  /** The version of the application's schema that `data` was written under. */
  readonly dataVersion: number;
  /** Advances by one with each change of `data`. */
  readonly dataRevision: number;
}

/** A renewal that was sent to the client and not yet confirmed by it. */
export interface PendingRenewal {
  /** SHA-256 over family and successor. */
  readonly secretHash: string;
  /** `successor = HMAC-SHA256(old secret, salt)`: the holder of the old secret can be sent the same successor again. */
  readonly salt: string;
  /** The tolerant fingerprint of the client that the successor was first sent to. */
  readonly fingerprint: string;
  readonly startedAt: number;
}

/** A former secret that opens ordinary doors until `until`. */
export interface SupersededSecret {
  readonly secretHash: string;
  readonly until: number;
}

/** Why a session ended. */
export type EndReason =
  /** The user signed out on this device. */
  | "logout"
  /** Ended from a device list or by an administrator. */
  | "revoked"
  /** The user signed in elsewhere and the limit of concurrent sessions was reached. */
  | "evicted"
  /** The same browser signed in again. */
  | "replaced"
  /** A secret that had been replaced was presented: somebody copied the cookie. */
  | "theft"
  /** The cookie came from another browser, and the policy is to revoke: somebody copied it. */
  | "fingerprint"
  /** A deadline passed. */
  | "expired"
  /** The password (or another credential) was changed elsewhere. */
  | "credentials-changed"
  /** The account was disabled or its rights changed. */
  | "account-changed";

/** The tombstone of an ended session: it tells the old cookie why, and nothing else. Counted nowhere. */
export interface EndedSession {
  readonly id: SessionId;
  readonly familyHash: string;
  readonly reason: EndReason;
  /** When the tombstone itself may be dropped. */
  readonly until: number;
}

/** A record that an operation ended, with the reason. */
export interface Ended {
  readonly record: SessionRecord;
  readonly reason: EndReason;
}

/** How long a tombstone tells its reason: 24 hours. */
export const tombstoneLifetime: number = 24 * 60 * 60_000;

/** How many live sessions a user may have, and what happens at the limit. */
export interface SessionLimit {
  /** At least 1; `Infinity` for no limit. */
  readonly maximum: number;
  readonly exceeded: "evict-oldest" | "refuse";
  /**
   * A session of the same user that the new one takes the place of. It does not count and leaves in the same step:
   * as `replaced`, or as `expired` if it was dead already.
   */
  readonly replacing?: SessionId;
}

/** What `insert` did, and whom it ended, in any order. A refusal changed nothing. */
export type InsertResult =
  | { readonly inserted: true; readonly ended: readonly Ended[] }
  | { readonly inserted: false; readonly because: "duplicate" | "limit" };

/** Data changes by key: the new value as JSON text, or `undefined` to remove the key. */
export type DataChange = ReadonlyMap<string, string | undefined>;

/** The fields of a live session that may change, each group whole. */
export interface SessionChange {
  /** A touch. Neither time ever moves backwards. */
  readonly seen?: { readonly lastSeenAt: number; readonly expiresAt: number };
  /** A new state of the secret. Advances `secretRevision`. */
  readonly secret?: {
    readonly secretHash: string;
    readonly secretIssuedAt: number;
    readonly pending?: PendingRenewal | undefined;
    readonly superseded: readonly SupersededSecret[];
  };
  /** The user proved again who they are. */
  readonly authentication?: {
    readonly authenticatedAt: number;
    readonly amr: readonly string[];
    readonly client: ClientInfo;
    readonly fingerprint?: string | undefined;
  };
  /** Merged key by key into the data. Advances `dataRevision`. */
  readonly data?: DataChange;
  /** The schema version that the data has from now on. */
  readonly dataVersion?: number;
}

/** What must still hold when the change is written. */
export interface UpdateCondition {
  readonly secretRevision?: number;
  readonly dataRevision?: number;
}

/** One bounded step of pruning. */
export interface PruneStep {
  /** The expired sessions that this step removed. */
  readonly expired: readonly SessionRecord[];
  /** Where the next step begins; `undefined` when the walk has come to the end. */
  readonly next: string | undefined;
}

/** One bounded step of counting. */
export interface CountStep {
  readonly alive: number;
  /** Where the next step begins; `undefined` when the walk has come to the end. */
  readonly next: string | undefined;
}

/** The ports of protections that a store answers beside its sessions. What is missing is off. */
export interface StoreCompanions {
  /** Where remembered browsers live. */
  readonly remember?: RememberStore;
  /** Where failed attempts are counted. */
  readonly throttle?: ThrottleStore;
  /** What is wrong with the backend's own settings, for `doctor`. Changes nothing, and may take some seconds. */
  diagnose?(): Promise<readonly Finding[]>;
  /**
   * Looks at no more than about `batch` sessions from `from` on and counts those that are alive at `now`. Changes
   * nothing. `from` is the `next` of an earlier step, or undefined to begin.
   */
  countAlive?(now: number, batch: number, from?: string): Promise<CountStep>;
  /** Tells what changes from now on, so that `cached` can keep records of this store. */
  watch?(listener: ChangeListener): ChangeWatch;
  /**
   * For what has it at hand, caches above all: a record as the store had it a moment ago, without asking the backend. It may say that a token is the
   * current one, and nothing else: for everything else the core asks `find`.
   */
  recent?(id: SessionId): SessionRecord | undefined;
  /**
   * For what is told of changes anyway, caches above all: calls back when a session was changed or ended elsewhere, as
   * far as that is told. Returns how to stop.
   */
  onChange?(listener: (id: SessionId) => void): () => void;
}

/**
 * Where sessions live. Methods reject only when the backend itself fails: found, ended, not there
 * and failed are four outcomes, everywhere. Every method is one atomic step of its backend.
 * Stores are given the time as `now` and never judge by a clock of their own.
 */
export interface SessionStore extends StoreCompanions {
  /** Adds a session; never overwrites. Enforces `limit` in the same atomic step and returns what it ended. */
  insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult>;

  /**
   * A live record, the tombstone of an ended one, or undefined. May return expired records: the core judges. Sees
   * whatever was answered before it was asked.
   */
  find(id: SessionId): Promise<SessionRecord | EndedSession | undefined>;

  /**
   * Changes fields of a live session; false if it is gone, expired at `now`, or no longer meets `condition`.
   * Never creates. A change that changes nothing is still true.
   */
  update(id: SessionId, change: SessionChange, now: number, condition?: UpdateCondition): Promise<boolean>;

  /** Ends a session, leaving a tombstone; returns what it ended, so that exactly one of two racing callers has it. */
  delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined>;

  /** The user's sessions in any order, expired ones that were not pruned yet included. */
  findByUser(userId: string): Promise<readonly SessionRecord[]>;

  /** Ends all sessions of a user but `except`, in one step, leaving tombstones; returns what it ended. */
  deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]>;

  /**
   * Looks at no more than about `batch` sessions and tombstones from `from` on and removes those that expired.
   * Leaves no tombstones. `from` is the `next` of an earlier step, or undefined to begin.
   */
  deleteExpired(now: number, batch: number, from?: string): Promise<PruneStep>;

  /**
   * Proves that the backend answers. Gives the backend's own time in milliseconds, only ever compared with the
   * node's, or undefined where both are the same clock.
   */
  time(): Promise<number | undefined>;

  /**
   * How long one operation may take, in milliseconds, before callers get a `StoreUnavailableError`. Default 2000;
   * `Infinity` where operations cannot hang.
   */
  readonly timeout?: number;
}

const endReasons: Readonly<Record<EndReason, true>> = {
  logout: true,
  revoked: true,
  evicted: true,
  replaced: true,
  theft: true,
  fingerprint: true,
  expired: true,
  "credentials-changed": true,
  "account-changed": true,
};

/** @throws TypeError for a reason that no program could explain to the ended device. */
export function assertEndReason(reason: EndReason): void {
  if (Object.hasOwn(endReasons, reason)) return;
  throw new TypeError(
    `${JSON.stringify(reason)} is no reason for the end of a session; it must be one of ${Object.keys(endReasons).join(", ")}`,
  );
}

/** Whether `find` found the tombstone of an ended session. */
export function isEnded(found: SessionRecord | EndedSession): found is EndedSession {
  return "reason" in found;
}

/** The tombstone that ending `record` leaves. */
export function tombstone(record: SessionRecord, reason: EndReason, now: number): EndedSession {
  return { id: record.id, familyHash: record.familyHash, reason, until: now + tombstoneLifetime };
}

/**
 * Merges a data change into the JSON text of an object, for stores that have no such operation.
 * Keys are the application's own: `__proto__` is a key like any other.
 */
export function mergeData(data: string, change: DataChange): string {
  const merged = new Map(Object.entries(dataIn(data)).map(([k, v]) => [k, JSON.stringify(v)]));
  for (const [key, value] of change) {
    if (value === undefined) merged.delete(key);
    else merged.set(key, value);
  }
  return dataText(merged);
}

/**
 * What stands in a data text.
 * @throws InvalidDataError if it was damaged: the error of JSON.parse would quote it.
 */
export function dataIn(text: string): Record<string, unknown> {
  const data = readIfWhole(text, isObject);
  if (!data) throw new InvalidDataError(["what is stored cannot be read"]);
  return data;
}

/** The JSON text of an object with these keys and value texts. */
export function dataText(entries: Iterable<readonly [key: string, value: string]>): string {
  return `{${Array.from(entries, ([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}
