/**
 * The port for remembered browsers: who may come back without a password. Every sentence of this file is a test with
 * the same words in its contract suite (`coatcheck/testing`).
 */
import type { ClientInfo } from "./fingerprint.ts";
import type { PendingRenewal, SupersededSecret } from "./store.ts";
import type { SessionId } from "./token.ts";

/**
 * What a store keeps of a remembered browser: flat, plain and immutable. All times are milliseconds since the epoch.
 * No field opens anything: tokens are kept as SHA-256 hashes only.
 */
export interface RememberRecord {
  /** Public, fixed, and of the user's routing tag, as a session's. */
  readonly id: SessionId;
  readonly userId: string;
  readonly familyHash: string;
  readonly secretHash: string;
  /** When the user last proved who they are: a use only derives the next secret from the last. */
  readonly secretIssuedAt: number;
  /** A use whose successor has not been seen yet: it is seen when the session that came with it is first presented. */
  readonly pending?: PendingRenewal;
  readonly superseded: readonly SupersededSecret[];
  /** Advances by one with each change. */
  readonly secretRevision: number;
  /** The session that this browser has, or had last. */
  readonly sessionId: SessionId;
  /** The one before it: who ends that one from an older list means this browser. */
  readonly formerSessionId?: SessionId;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** The browser has to sign in again from this millisecond on, used or not. */
  readonly expiresAt: number;
  /** Who signed in. */
  readonly client: ClientInfo;
}

/** A new state of a remembered browser's secret, and with a use the session that it began. */
export interface RememberChange {
  readonly secret: {
    readonly secretHash: string;
    readonly secretIssuedAt: number;
    readonly pending?: PendingRenewal | undefined;
    readonly superseded: readonly SupersededSecret[];
  };
  /** The session there was becomes the former one. */
  readonly sessionId?: SessionId;
  /** Never moves backwards. */
  readonly lastUsedAt?: number;
}

/** One bounded step of pruning remembered browsers. */
export interface RememberPruneStep {
  /** How many this step removed. */
  readonly removed: number;
  /** Where the next step begins; `undefined` when the walk has come to the end. */
  readonly next: string | undefined;
}

/**
 * Where remembered browsers live. Methods reject only when the backend itself fails. Every method is one atomic step
 * of its backend. Stores are given the time as `now` and never judge by a clock of their own.
 */
export interface RememberStore {
  /** Adds a remembered browser; never overwrites. False if its id or one of its sessions is known already. */
  insert(record: RememberRecord, now: number): Promise<boolean>;

  /** The record, or undefined. May return expired records: the rule judges. */
  find(id: SessionId): Promise<RememberRecord | undefined>;

  /** The record whose session, or former session, this is. */
  findBySession(sessionId: SessionId): Promise<RememberRecord | undefined>;

  /** The user's records in any order, expired ones that were not pruned yet included. */
  findByUser(userId: string): Promise<readonly RememberRecord[]>;

  /**
   * Changes a record; false if it is gone, expired at `now`, at another revision, or if the new session is known
   * already. Never creates.
   */
  update(id: SessionId, change: RememberChange, now: number, secretRevision: number): Promise<boolean>;

  /** Removes a record; returns it, so that exactly one of two racing callers has it. */
  delete(id: SessionId): Promise<RememberRecord | undefined>;

  /** Removes the record whose session, or former session, this is; returns it. */
  deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined>;

  /**
   * Removes all records of a user but the one whose session is `except`, in one step; returns them. A former session
   * spares nobody.
   */
  deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]>;

  /**
   * Looks at no more than about `batch` records from `from` on and removes those that expired. `from` is the `next`
   * of an earlier step, or undefined to begin.
   */
  deleteExpired(now: number, batch: number, from?: string): Promise<RememberPruneStep>;
}
