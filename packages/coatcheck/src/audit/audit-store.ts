/**
 * The port for audit records: what happened, in a chain that shows whether it was changed. Every sentence of this file's
 * interface is a test with the same words in its contract suite (`coatcheck/testing`).
 */
import type { AuditPage, AuditQuery, AuditRecord } from "./audit-record.ts";

/** A place in the chain. Its hash covers every record up to it. */
export interface AuditSeal {
  /** The number of the record in the chain: 1 is the first that was ever sealed. */
  readonly position: number;
  readonly hash: string;
}

/** Before the first record. */
export const genesis: AuditSeal = Object.freeze({ position: 0, hash: "" });

/** A record in its place, with the hash that was computed when it was sealed. */
export interface SealedRecord extends AuditSeal {
  readonly record: AuditRecord;
}

/** A part of the chain, and its ends at the moment when it was read. */
export interface AuditChainPart {
  /** The last record that retention removed; `genesis` if it has removed none. */
  readonly start: AuditSeal;
  /** The last record that was sealed. */
  readonly head: AuditSeal;
  readonly records: readonly SealedRecord[];
}

/** One bounded step of sealing. */
export interface SealStep {
  readonly sealed: number;
  /** The last record of the chain now. */
  readonly head: AuditSeal;
}

/** One bounded step of retention. */
export interface AuditPruneStep {
  readonly removed: number;
  /** The last record that was ever removed. */
  readonly start: AuditSeal;
}

/**
 * Where audit records live. Methods reject only when the backend itself fails. Every method is one atomic step of its
 * backend. Many nodes may use them at once.
 */
export interface AuditStore {
  /** Adds records, all or none. One that is there already stays as it is: a batch may be sent again. */
  append(records: readonly AuditRecord[]): Promise<void>;

  /**
   * Gives the records that fit, the newest first, at most `limit`. Pages follow each other without a gap and without a
   * repetition, whatever is added meanwhile.
   */
  query(query: AuditQuery): Promise<AuditPage>;

  /**
   * Adds the oldest of the unsealed records, at most `batch`, to the end of the chain. Each record is sealed once,
   * however late it was added and however many seal at once.
   */
  seal(batch: number): Promise<SealStep>;

  /**
   * Gives the sealed records after `position` in the order of the chain, at most `limit`, and the ends of the chain.
   * `-Infinity` is before every position that a row can have.
   */
  chain(position: number, limit: number): Promise<AuditChainPart>;

  /**
   * Removes records from the beginning of the chain, each while it and the one sealed after it are older than
   * `before`, at most `batch`, and keeps the hash of the last one removed. So the first one left is older than `before`
   * itself: who removes younger ones cannot show such a beginning. What is not sealed is never removed.
   */
  deleteOlder(before: number, batch: number): Promise<AuditPruneStep>;
}
