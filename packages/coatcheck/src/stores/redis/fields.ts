/** How a session lies in its hash. Whatever cannot be read back throws: a damaged session opens nothing. */
import {
  type DataChange,
  type EndedSession,
  type EndReason,
  type PendingRenewal,
  type SessionChange,
  type SessionRecord,
} from "../../core/store.ts";
import { isClient, isPending, isSuperseded, isText, isTexts } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";

/** The fields of a hash by name. */
export type Fields = ReadonlyMap<string, unknown>;

type Secret = Pick<SessionRecord, "secretHash" | "secretIssuedAt" | "superseded"> & {
  readonly pending?: PendingRenewal | undefined;
};
type Authentication = Pick<SessionRecord, "authenticatedAt" | "amr" | "client"> & {
  readonly fingerprint?: string | undefined;
};

/** Each key of the data is a field of its own, so that merging is writing fields. */
const dataField = "d:";
const anyDataField = `${dataField}*`;

/**
 * Names and values in turn, as HSET takes them. They are few: each takes memory, and time at every validation. What
 * scripts look into is text that Lua can take apart, and not JSON.
 */
export function fieldsOf(record: SessionRecord): string[] {
  const data = Object.entries(JSON.parse(record.data) as object);
  return [
    ...["user", escaped(record.userId)],
    ...["family", record.familyHash],
    ...["numbers", numbersText(record)],
    ...["secret", secretText(record)],
    ...["authentication", authenticationText(record)],
    ...data.flatMap(([key, value]) => [dataField + escaped(key), JSON.stringify(value)]),
  ];
}

/** The fields that a change writes as they are. Numbers depend on what is there: the script has them. */
export function changedFields(change: SessionChange): { readonly set: string[]; readonly removed: string[] } {
  const { secret, authentication, data } = change;
  const { set, removed } = data ? changedData(data) : { set: [], removed: [] };
  if (secret) set.push("secret", secretText(secret));
  if (authentication) set.push("authentication", authenticationText(authentication));
  return { set, removed };
}

/** What HGETALL found under the key of a session. */
export function toFound(id: SessionId, reply: unknown): SessionRecord | EndedSession | undefined {
  const fields = fieldsIn(reply);
  if (fields.size === 0) return undefined;
  return fields.has("reason") ? toEnded(id, fields) : recordOf(id, fields);
}

/** A session that a script answered with. */
export function toRecord(id: SessionId, reply: unknown): SessionRecord {
  return recordOf(id, fieldsIn(reply));
}

/**
 * A text as well-formed Unicode. Clients turn halves of a surrogate pair into U+FFFD: of two keys that differ by them,
 * one would become the other.
 */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function unescaped(text: string, name: string): string {
  return text.includes("\\") ? String(json(`"${text}"`, name)) : text;
}

function recordOf(id: SessionId, fields: Fields): SessionRecord {
  const { pending, ...secret } = parsed(fields, "secret", isSecret);
  const { authenticatedAt, amr, fingerprint, client } = parsed(fields, "authentication", isAuthentication);
  return {
    id,
    userId: unescaped(text(fields, "user"), "user"),
    familyHash: text(fields, "family"),
    ...secret,
    ...(pending && { pending }),
    authenticatedAt,
    amr,
    ...(fingerprint !== undefined && { fingerprint }),
    client,
    ...numbersIn(text(fields, "numbers")),
    data: dataOf(fields),
  };
}

function toEnded(id: SessionId, fields: Fields): EndedSession {
  return {
    id,
    familyHash: text(fields, "family"),
    reason: text(fields, "reason") as EndReason,
    until: number(fields, "until"),
  };
}

export function secretText({ secretHash, secretIssuedAt, pending, superseded }: Secret): string {
  return JSON.stringify({ secretHash, secretIssuedAt, pending, superseded });
}

function authenticationText({ authenticatedAt, amr, fingerprint, client }: Authentication): string {
  return JSON.stringify({ authenticatedAt, amr, fingerprint, client });
}

type Numbers = Pick<
  SessionRecord,
  "createdAt" | "lastSeenAt" | "expiresAt" | "secretRevision" | "dataRevision" | "dataVersion"
>;

/** In the order in which `numbers_in` of the scripts reads them. */
function numbersText(record: Numbers): string {
  const { createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion } = record;
  return [createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion].join(" ");
}

function numbersIn(text: string): Numbers {
  const [createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion, ...more] = text
    .split(" ")
    .map((each) => numeric(each, "numbers")) as [number, number, number, number, number, number];
  if (dataVersion === undefined || more.length > 0) throw damaged("numbers");
  return { createdAt, lastSeenAt, expiresAt, secretRevision, dataRevision, dataVersion };
}

function changedData(change: DataChange): { set: string[]; removed: string[] } {
  const set: string[] = [];
  const removed: string[] = [];
  for (const [key, value] of change) {
    if (value === undefined) removed.push(dataField + escaped(key));
    else set.push(dataField + escaped(key), value);
  }
  return { set, removed };
}

/** Names and values are JSON text already: this is on the path of every validation. */
function dataOf(fields: Fields): string {
  let members = "";
  for (const name of fields.keys()) {
    if (!name.startsWith(dataField)) continue;
    members += `${members && ","}"${name.slice(dataField.length)}":${text(fields, name)}`;
  }
  const data = `{${members}}`;
  if (members) json(data, anyDataField);
  return data;
}

/** Clients give hashes as a list of names and values, as an object or as a map. */
export function fieldsIn(reply: unknown): Fields {
  if (reply instanceof Map) return reply;
  if (!Array.isArray(reply)) return new Map(Object.entries(reply as object));
  const fields = new Map<string, unknown>();
  for (let index = 0; index < reply.length; index += 2) fields.set(reply[index], reply[index + 1]);
  return fields;
}

export function text(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (typeof value !== "string") throw damaged(name);
  return value;
}

export function number(fields: Fields, name: string): number {
  return numeric(text(fields, name), name);
}

function numeric(text: string, name: string): number {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) throw damaged(name);
  return number;
}

export function parsed<T>(fields: Fields, name: string, fits: (value: unknown) => value is T): T {
  const value = json(text(fields, name), name);
  if (!fits(value)) throw damaged(name);
  return value;
}

/** The error of JSON.parse would quote what it could not read. */
function json(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(name);
  }
}

function damaged(name: string): Error {
  return new Error(`A session in Redis is damaged: its field ${name} cannot be read`);
}

export function isSecret(value: unknown): value is Secret {
  const { secretHash, secretIssuedAt, pending, superseded } = (value ?? {}) as Partial<Secret>;
  return (
    isText(secretHash) &&
    Number.isFinite(secretIssuedAt) &&
    (pending === undefined || isPending(pending)) &&
    isSuperseded(superseded)
  );
}

function isAuthentication(value: unknown): value is Authentication {
  const { authenticatedAt, amr, fingerprint, client } = (value ?? {}) as Partial<Authentication>;
  return (
    Number.isFinite(authenticatedAt) &&
    isTexts(amr) &&
    (fingerprint === undefined || isText(fingerprint)) &&
    isClient(client)
  );
}
