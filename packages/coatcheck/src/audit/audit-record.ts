/** What the audit keeps of one thing that happened. */
import type { ClientInfo } from "../core/fingerprint.ts";

/** Plain JSON, and little of it. Never a token, a password or a key. */
export type AuditDetails = Readonly<Record<string, unknown>>;

/** Written once and never changed. No field opens anything: a session is named by its public id. */
export interface AuditRecord {
  /** 16 random bytes. Together with `at` the key of the record. */
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of the node that saw it. */
  readonly at: number;
  /** `created`, `theft`, `sign-in-failed`, …: the type of a session event, or the application's own name. */
  readonly event: string;
  /** Whom it is about. */
  readonly userId?: string;
  readonly sessionId?: string;
  /** Whose request it was. */
  readonly client?: ClientInfo;
  readonly reason?: string;
  /** What the log calls the request. */
  readonly correlationId?: string;
  readonly details?: AuditDetails;
}

/** Which records are asked for. What is missing excludes nothing. */
export interface AuditQuery {
  readonly userId?: string;
  readonly event?: string;
  readonly sessionId?: string;
  /** From this millisecond on. */
  readonly from?: number;
  /** Before this millisecond. */
  readonly to?: number;
  /** The `next` of an earlier page. */
  readonly cursor?: string;
  /** The most records of a page. */
  readonly limit: number;
}

/** Records, the newest first. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Leads to the next page; `undefined` when there is none. */
  readonly next: string | undefined;
}

/** The key of a record: the order of pages. */
export type AuditKey = Pick<AuditRecord, "at" | "id">;

/** The last moment of `Date`, in milliseconds since the epoch; the first is as long before it. */
export const endOfTime = 8.64e15;

/** The newest first; ids break ties, so that every store has the same order. */
export function byNewest(a: AuditKey, b: AuditKey): number {
  return b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Leads to what comes after the record. */
export function cursorAfter({ at, id }: AuditKey): string {
  return `${at}.${id}`;
}

const cursorPattern = /^(-?\d{1,16})\.([A-Za-z0-9_-]{1,64})$/;

/** The record that a cursor stands behind; `undefined` for what is no cursor. Never throws. */
export function parseCursor(cursor: string): AuditKey | undefined {
  const [, at, id] = cursorPattern.exec(cursor) ?? [];
  return id === undefined ? undefined : { at: Number(at), id };
}

/** Where a page begins. */
export function positionOf({ cursor }: Pick<AuditQuery, "cursor">): AuditKey | undefined {
  if (cursor === undefined) return undefined;
  const key = parseCursor(cursor);
  if (!key) throw new TypeError("cursor must be the next of an earlier page");
  return key;
}

/** The page that these records begin, of which one more than `limit` were looked for. */
export function pageOf(found: readonly AuditRecord[], limit: number): AuditPage {
  const records = found.slice(0, limit);
  const last = records.at(-1);
  // Before the first moment there is only what somebody else wrote.
  const goesOn = found.length > limit && last && last.at > -endOfTime;
  return { records, next: goesOn ? cursorAfter(last) : undefined };
}
