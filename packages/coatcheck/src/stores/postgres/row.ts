/** How a session record lies in its row. Whatever cannot be read back throws: a damaged row opens nothing. */
import {
  type DataChange,
  dataText,
  type EndedSession,
  type EndReason,
  type PendingRenewal,
  type SessionRecord,
} from "../../core/store.ts";
import { isClient, isPending, isSuperseded, isTextByName, isTexts, readStored } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";

/** The values of a row as PostgreSQL writes them, in the order of its columns. */
export type Row = readonly (string | null)[];

/** A value that is sent with a statement. */
export type Value = string | number | null | readonly string[];

/** The columns of a session in the order of `toRow`, with their types. */
export const recordColumns = {
  id: "text",
  user_id: "text",
  family_hash: "text",
  secret_hash: "text",
  secret_issued_at: "bigint",
  pending: "text",
  superseded: "text",
  secret_revision: "bigint",
  created_at: "bigint",
  authenticated_at: "bigint",
  amr: "text",
  last_seen_at: "bigint",
  expires_at: "bigint",
  client: "text",
  data: "jsonb",
  data_version: "bigint",
  data_revision: "bigint",
  fingerprint: "text",
} as const;

/** Only `pending` and `fingerprint` may be null. */
type RecordRow = readonly [
  id: SessionId,
  userId: string,
  familyHash: string,
  secretHash: string,
  secretIssuedAt: string,
  pending: string | null,
  superseded: string,
  secretRevision: string,
  createdAt: string,
  authenticatedAt: string,
  amr: string,
  lastSeenAt: string,
  expiresAt: string,
  client: string,
  data: string,
  dataVersion: string,
  dataRevision: string,
  fingerprint: string | null,
];

export function toRow(record: SessionRecord): Value[] {
  return [
    record.id,
    escaped(record.userId),
    record.familyHash,
    record.secretHash,
    record.secretIssuedAt,
    pendingColumn(record.pending),
    JSON.stringify(record.superseded),
    record.secretRevision,
    record.createdAt,
    record.authenticatedAt,
    JSON.stringify(record.amr),
    record.lastSeenAt,
    record.expiresAt,
    JSON.stringify(record.client),
    dataColumn(record.data),
    record.dataVersion,
    record.dataRevision,
    record.fingerprint ?? null,
  ];
}

export function toRecord(row: Row): SessionRecord {
  const [id, user, familyHash, secretHash, secretIssuedAt, pending, superseded, ...rest] = row as RecordRow;
  const [secretRevision, createdAt, authenticatedAt, amr, lastSeenAt, expiresAt, client, ...last] = rest;
  const [data, dataVersion, dataRevision, fingerprint] = last;
  return {
    id,
    userId: unescaped(user),
    familyHash,
    secretHash,
    secretIssuedAt: whole("secret_issued_at", secretIssuedAt),
    ...(pending !== null && { pending: readStored("pending", pending, isPending) }),
    superseded: superseded === "[]" ? [] : readStored("superseded", superseded, isSuperseded),
    secretRevision: whole("secret_revision", secretRevision),
    createdAt: whole("created_at", createdAt),
    authenticatedAt: whole("authenticated_at", authenticatedAt),
    amr: readStored("amr", amr, isTexts),
    lastSeenAt: whole("last_seen_at", lastSeenAt),
    expiresAt: whole("expires_at", expiresAt),
    client: readStored("client", client, isClient),
    ...(fingerprint !== null && { fingerprint }),
    data: dataOf(data),
    dataVersion: whole("data_version", dataVersion),
    dataRevision: whole("data_revision", dataRevision),
  };
}

export function toEnded([id, familyHash, reason, until]: Row): EndedSession {
  return {
    id: id as SessionId,
    familyHash: familyHash!,
    reason: reason as EndReason,
    until: whole("until", until!),
  };
}

/**
 * A text as it is stored: with the escapes of JSON, since PostgreSQL has no place for NUL and for halves of
 * surrogates. All but quotes, backslashes and control characters is itself.
 */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function unescaped(column: string): string {
  return column.includes("\\") ? JSON.parse(`"${column}"`) : column;
}

export function pendingColumn(pending: PendingRenewal | undefined): string | null {
  return pending ? JSON.stringify(pending) : null;
}

/**
 * Data is stored as an object of escaped keys and the texts of their values: PostgreSQL can merge that, and never
 * looks inside a value. As values of its own it would round numbers and refuse NUL.
 */
function dataColumn(data: string): string {
  const entries = Object.entries(JSON.parse(data) as object);
  return textByName(entries.map(([key, value]) => [key, JSON.stringify(value)]));
}

function dataOf(column: string): string {
  if (column === "{}") return column;
  const entries = Object.entries(readStored("data", column, isTextByName));
  // Both are JSON text already: this is on the path of every validation.
  return `{${entries.map(([key, value]) => `"${key}":${value}`).join(",")}}`;
}

/** A data change as SQL values: the keys to set with their values, and those to remove. */
export function dataChangeColumns(change: DataChange): [set: string, removed: string[]] {
  const set = [...change].filter((entry): entry is [string, string] => entry[1] !== undefined);
  const removed = [...change].filter(([, value]) => value === undefined);
  return [textByName(set), removed.map(([key]) => escaped(key))];
}

function textByName(entries: Iterable<readonly [key: string, value: string]>): string {
  return dataText(Array.from(entries, ([key, value]) => [escaped(key), JSON.stringify(value)]));
}

export function whole(column: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Error(`A row of the coatcheck tables is damaged: ${column} cannot be read`);
}
