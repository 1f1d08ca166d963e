/**
 * Reads an audit record back from its row. A part that cannot be read must not hide the record, nor all the others of
 * its page: it is said to be unreadable, and verifying the chain says where it was changed.
 */
import { isClient, isObject } from "../core/stored.ts";
import { type AuditRecord, endOfTime } from "./audit-record.ts";

/** What stands in a row. `null` stands for a part that the record does not have. */
export type AuditRow = readonly [
  id: string,
  at: number | bigint | string,
  event: string,
  userId: string | null,
  sessionId: string | null,
  client: string | null,
  reason: string | null,
  correlationId: string | null,
  details: string | null,
];

/** How a store writes a text into a column, and reads it back; reading may throw. */
export interface TextColumn {
  readonly write: (text: string) => string;
  readonly read: (column: string) => string;
}

export function readRecord(row: AuditRow, texts: TextColumn): AuditRecord {
  const [id, time, event, userId, sessionId, client, reason, correlationId, details] = row;
  const text = (column: string | null) => readBack(column, texts.read, texts.write, isText);
  const part = (column: string | null, fits: (value: unknown) => boolean) =>
    readBack(column, JSON.parse, JSON.stringify, fits);
  // No clock shows what is beyond: somebody else wrote it.
  const at = Math.min(Math.max(Number(time), -endOfTime), endOfTime);
  const parts = {
    at: at === Number(time) ? at : undefined,
    event: text(event),
    userId: text(userId),
    sessionId: text(sessionId),
    client: part(client, isClient),
    reason: text(reason),
    correlationId: text(correlationId),
    details: part(details, isObject),
  };
  const entries = Object.entries(parts);
  const readable = Object.fromEntries(entries.filter(([, value]) => value != null));
  const unreadable = entries.filter(([, value]) => value === undefined).map(([name]) => name);
  return { id, at, event, ...readable, ...(unreadable.length > 0 && { details: { unreadable } }) };
}

/** The text of a part, as `readRecord` takes it. */
export function partText(part: object | undefined): string | null {
  return part ? JSON.stringify(part) : null;
}

/** Undefined also for what stores have not written like that: of `{"ip":1,"ip":2}` other readers see another value. */
function readBack<T>(
  column: string | null,
  read: (column: string) => T,
  write: (value: T) => string,
  fits: (value: unknown) => boolean,
): T | null | undefined {
  if (column === null) return null;
  try {
    const value = read(column);
    return fits(value) && write(value) === column ? value : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
