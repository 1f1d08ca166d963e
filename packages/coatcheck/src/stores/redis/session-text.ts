/**
 * How a session lies in Redis: as one text, which is JSON. Whatever of it cannot be read back throws, but for its data: a damaged
 * session opens nothing.
 *
 * A session is the list that `recordIn` reads: its numbers on one line, then a line for each part, and for each key of its data.
 * A tombstone is an object. There is no other line feed, since JSON escapes those within texts: scripts take a session apart by
 * lines, and know no JSON.
 */
import { nextLine } from "../../core/json-lines.ts";
import { recordIn } from "../../core/listed-record.ts";
import type { DataChange, EndedSession, EndReason, SessionChange, SessionRecord } from "../../core/store.ts";
import { isText } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";
import { damaged, json } from "./damage.ts";

type Secret = NonNullable<SessionChange["secret"]>;
type Authentication = NonNullable<SessionChange["authentication"]>;

/** The numbers in the order in which `numbers_in` of the scripts reads them. */
export function textOf(record: SessionRecord): string {
  const { createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion } = record;
  const parts = [
    [createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion].join(),
    JSON.stringify(`${record.familyHash} ${record.userId}`),
    secretLines(record),
    authenticationLines(record),
    dataLines(record.data),
  ];
  return `[${parts.join(nextLine)}]`;
}

/** What a change writes, as scripts take it: empty where a part stays. */
export interface WrittenChange {
  readonly secret: string;
  readonly authentication: string;
  /** Names, as in JSON. */
  readonly removed: readonly string[];
  /** Names and values in turn, as in JSON. */
  readonly written: readonly string[];
}

export function writtenChange({ secret, authentication, data }: SessionChange): WrittenChange {
  return {
    secret: secret ? secretLines(secret) : "",
    authentication: authentication ? authenticationLines(authentication) : "",
    ...changedMembers(data ?? new Map()),
  };
}

/** @param text what is under the key of a session; null where nothing is, or nothing of ours. */
export function toFound(id: SessionId, text: unknown): SessionRecord | EndedSession | undefined {
  if (text === null || text === undefined) return undefined;
  return String(text).startsWith("{") ? toEnded(id, text) : toRecord(id, text);
}

export function toRecord(id: SessionId, text: unknown): SessionRecord {
  return recordIn(String(text), id, dataText, damaged);
}

/** As it stands. It is read when somebody asks for it: of data there may be a megabyte. */
function dataText(text: string): string | undefined {
  return text.startsWith("{") && text.endsWith("}") ? text : undefined;
}

function toEnded(id: SessionId, text: unknown): EndedSession {
  const { familyHash, reason, until } = json(text, "text") as Partial<EndedSession>;
  if (!isText(familyHash)) throw damaged("family");
  if (!isText(reason)) throw damaged("reason");
  if (!Number.isFinite(until)) throw damaged("until");
  return { id, familyHash, reason: reason as EndReason, until: until! };
}

/** How many lines each has: what `parts_of` of the scripts counts. */
export const lineCounts = { secret: 4, authentication: 6 } as const;

function secretLines({ secretHash, secretIssuedAt, superseded, pending }: Secret): string {
  return lines(secretHash, secretIssuedAt, superseded, pending);
}

function authenticationLines({ authenticatedAt, amr, fingerprint, client }: Authentication): string {
  return lines(authenticatedAt, amr, fingerprint, client.ip, client.userAgent, client.language);
}

/** What is undefined becomes null. */
function lines(...values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value ?? null)).join(nextLine);
}

function dataLines(data: string): string {
  const members = Object.entries(JSON.parse(data) as object);
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(nextLine)}}`;
}

function changedMembers(change: DataChange): Pick<WrittenChange, "removed" | "written"> {
  const removed: string[] = [];
  const written: string[] = [];
  for (const [key, value] of change) {
    if (value === undefined) removed.push(JSON.stringify(key));
    // A line feed in JSON text stands between values, never within one.
    else written.push(JSON.stringify(key), value.replaceAll("\n", " "));
  }
  return { removed, written };
}
