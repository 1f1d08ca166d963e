/**
 * How a session lies in Redis: as one text, which is JSON. Whatever cannot be read back throws: a damaged session opens
 * nothing.
 *
 * A session is a list: six numbers, family and user, four parts of its secret, four of its authentication, data. A tombstone
 * is an object. Numbers, family and user, secret and authentication have a line each, and so has each key of the data. There
 * is no other line feed, since JSON escapes those within texts: scripts take a session apart by lines, and know no JSON.
 */
import { recordIn } from "../../core/listed-record.ts";
import type { DataChange, EndedSession, EndReason, SessionChange, SessionRecord } from "../../core/store.ts";
import { isObject, isText } from "../../core/stored.ts";
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
    secretLine(record),
    authenticationLine(record),
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
    secret: secret ? secretLine(secret) : "",
    authentication: authentication ? authenticationLine(authentication) : "",
    ...changedMembers(data ?? new Map()),
  };
}

/** @param text what is under the key of a session; null where nothing is, or nothing of ours. */
export function toFound(id: SessionId, text: unknown): SessionRecord | EndedSession | undefined {
  if (text === null || text === undefined) return undefined;
  return String(text).startsWith("{") ? toEnded(id, text) : toRecord(id, text);
}

export function toRecord(id: SessionId, text: unknown): SessionRecord {
  return recordIn(text as string, id, dataText, damaged);
}

/** Not cut from the text, which whoever keeps the record would keep as well. */
function dataText(data: unknown): string | undefined {
  return isObject(data) ? JSON.stringify(data) : undefined;
}

function toEnded(id: SessionId, text: unknown): EndedSession {
  const { familyHash, reason, until } = json(text, "text") as Partial<EndedSession>;
  if (!isText(familyHash)) throw damaged("family");
  if (!isText(reason)) throw damaged("reason");
  if (!Number.isFinite(until)) throw damaged("until");
  return { id, familyHash, reason: reason as EndReason, until: until! };
}

const nextLine = "\n,";

function secretLine({ secretHash, secretIssuedAt, superseded, pending }: Secret): string {
  return line(secretHash, secretIssuedAt, superseded, pending);
}

function authenticationLine({ authenticatedAt, amr, fingerprint, client }: Authentication): string {
  const { ip, userAgent, language } = client;
  return line(authenticatedAt, amr, fingerprint, [ip, userAgent, language]);
}

/** What is undefined becomes null. */
function line(...values: readonly unknown[]): string {
  return JSON.stringify(values).slice(1, -1);
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
