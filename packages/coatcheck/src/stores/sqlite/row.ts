/** How a session record lies in its row. Whatever cannot be read back throws: a damaged row opens nothing. */
import type { SQLInputValue } from "node:sqlite";
import type { RecordDraft } from "../../core/record.ts";
import {
  type DataChange,
  type EndedSession,
  type EndReason,
  mergeData,
  type PendingRenewal,
  type SessionRecord,
} from "../../core/store.ts";
import { isPending, isSuperseded, isTexts, readClient, readStored } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";
import type { Row } from "./connection.ts";

export const recordColumns = [
  "id",
  "user_id",
  "family_hash",
  "secret_hash",
  "secret_issued_at",
  "pending",
  "superseded",
  "secret_revision",
  "created_at",
  "authenticated_at",
  "amr",
  "last_seen_at",
  "expires_at",
  "client",
  "data",
  "data_version",
  "data_revision",
  "fingerprint",
] as const;

/** The types are the table's: it is STRICT. */
type RecordRow = [
  id: SessionId,
  userId: string,
  familyHash: string,
  secretHash: string,
  secretIssuedAt: number,
  pending: string | null,
  superseded: string,
  secretRevision: number,
  createdAt: number,
  authenticatedAt: number,
  amr: string,
  lastSeenAt: number,
  expiresAt: number,
  client: string,
  data: string,
  dataVersion: number,
  dataRevision: number,
  fingerprint: string | null,
];

export function toRow(record: SessionRecord): RecordRow {
  return [
    record.id,
    userColumn(record.userId),
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
    record.data,
    record.dataVersion,
    record.dataRevision,
    record.fingerprint ?? null,
  ];
}

export function toRecord(row: Row): SessionRecord {
  const [
    id,
    user,
    familyHash,
    secretHash,
    secretIssuedAt,
    pending,
    superseded,
    secretRevision,
    createdAt,
    authenticatedAt,
    amr,
    lastSeenAt,
    expiresAt,
    client,
    data,
    dataVersion,
    dataRevision,
    fingerprint,
  ] = row as RecordRow;
  const record: RecordDraft = {
    id,
    userId: userIdOf(user),
    familyHash,
    secretHash,
    secretIssuedAt,
    superseded: superseded === "[]" ? [] : readStored("superseded", superseded, isSuperseded),
    secretRevision,
    createdAt,
    authenticatedAt,
    amr: readStored("amr", amr, isTexts),
    lastSeenAt,
    expiresAt,
    client: readClient(client),
    data,
    dataVersion,
    dataRevision,
  };
  // To spread what may be missing costs as much as reading it.
  if (pending !== null) record.pending = readStored("pending", pending, isPending);
  if (fingerprint !== null) record.fingerprint = fingerprint;
  return record;
}

export function toEnded([id, familyHash, reason, until]: Row): EndedSession {
  return {
    id: id as SessionId,
    familyHash: familyHash as string,
    reason: reason as EndReason,
    until: until as number,
  };
}

/**
 * A user id as it is stored: NUL is written as `\0`, since Node 22 and early 24 cut what they read from SQLite at the
 * first NUL, and one user would become another.
 */
export function userColumn(userId: string): string {
  return userId.replace(/[\\\0]/g, (character) => (character === "\0" ? "\\0" : "\\\\"));
}

export function userIdOf(column: string): string {
  return column.includes("\\")
    ? column.replace(/\\([\\0])/g, (_, code) => (code === "0" ? "\0" : "\\"))
    : column;
}

export function pendingColumn(pending: PendingRenewal | undefined): string | null {
  return pending ? JSON.stringify(pending) : null;
}

/** A data change as one SQL value, for `mergeColumn`. */
export function dataChangeColumn(change: DataChange): string {
  return JSON.stringify([...change].map(([key, value]) => [key, value ?? null]));
}

/** What the SQL function `coatcheck_merge_data` does. */
export function mergeColumn(data: SQLInputValue, change: SQLInputValue): string {
  const entries: [string, string | null][] = JSON.parse(change as string);
  return mergeData(data as string, new Map(entries.map(([key, value]) => [key, value ?? undefined])));
}
