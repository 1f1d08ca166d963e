/** How a session record lies in its row. Whatever cannot be read back throws: a damaged row opens nothing. */
import { recordIn } from "../../core/listed-record.ts";
import {
  type DataChange,
  dataText,
  type EndedSession,
  type EndReason,
  type PendingRenewal,
  type SessionRecord,
} from "../../core/store.ts";
import { isObject, isText, readIfWhole } from "../../core/stored.ts";
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

/** What a part is before it becomes JSON. */
type Kind = "JSON" | "text" | "JSON or nothing" | "text or nothing";

type Column = keyof typeof recordColumns;

/** The columns of a session in the order of `recordIn`; several are one text, with a space between them. Numbers are JSON. */
export const listedColumns: readonly (readonly [columns: Column | readonly Column[], kind: Kind])[] = [
  ["created_at", "JSON"],
  ["last_seen_at", "JSON"],
  ["expires_at", "JSON"],
  ["secret_revision", "JSON"],
  ["data_revision", "JSON"],
  ["data_version", "JSON"],
  [["family_hash", "user_id"], "text"],
  ["secret_hash", "text"],
  ["secret_issued_at", "JSON"],
  ["superseded", "JSON"],
  ["pending", "JSON or nothing"],
  ["authenticated_at", "JSON"],
  ["amr", "JSON"],
  ["fingerprint", "text or nothing"],
  ["client", "JSON"],
  ["data", "JSON"],
];

/**
 * A session as one text, which `toRecord` reads, of this table of the statement. To read a row of so many columns
 * costs `pg` twice as much, and PostgreSQL no less than to put it together.
 */
export function recordText(table: string): string {
  const parts = listedColumns.map(([columns, kind]) => {
    const value = [columns]
      .flat()
      .map((column) => `${table}.${column}`)
      .join(" || ' ' || ");
    // User ids are escaped as JSON is. Hashes and fingerprints are in base64url, the latter behind a word of ours.
    const json = kind.startsWith("text") ? `'"' || ${value} || '"'` : value;
    return kind.endsWith("or nothing") ? `coalesce(${json}, 'null')` : json;
  });
  return `'[' || concat_ws(E'\\n,', ${parts.join(", ")}) || ']'`;
}

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

/** @param text what `recordText` gave. */
export function toRecord(id: string, text: string): SessionRecord {
  return recordIn(text, id as SessionId, dataOf, damagedPart);
}

/** What `find` gives of a tombstone as its text. It begins with a word, and that of a session with a bracket. */
export function endedText(table: string): string {
  return `concat_ws(',', ${table}.reason, ${table}.until, ${table}.family_hash)`;
}

export function toEnded(id: string, text: string): EndedSession {
  const [reason, until, familyHash] = text.split(",") as [EndReason, string, string];
  return { id: id as SessionId, familyHash, reason, until: whole("until", until) };
}

/**
 * A text as it is stored: with the escapes of JSON, since PostgreSQL has no place for NUL and for halves of
 * surrogates. All but quotes, backslashes and control characters is itself.
 */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function unescaped(column: string): string {
  if (!column.includes("\\")) return column;
  try {
    return JSON.parse(`"${column}"`);
  } catch {
    // JSON.parse would quote the text.
    throw damaged("a text");
  }
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

function dataOf(text: string): string | undefined {
  if (text === "{}") return text;
  const data = readIfWhole(text, isObject);
  if (!data) return undefined;
  // Both are JSON text already. This is on the path of every validation, and lists of members would cost a third of it.
  let members = "";
  for (const key of Object.keys(data)) {
    const value = data[key];
    if (!isText(value)) return undefined;
    members += `${members && ","}"${key}":${value}`;
  }
  return `{${members}}`;
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
  throw damaged(column);
}

function damagedPart(part: string): Error {
  return damaged(`its ${part}`);
}

function damaged(what: string): Error {
  return new Error(`A row of the coatcheck tables is damaged: ${what} cannot be read`);
}
