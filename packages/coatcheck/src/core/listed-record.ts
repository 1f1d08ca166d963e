/** A session record as the lines of a list, without the names of its parts: how stores read it from one text. */
import type { ClientInfo } from "./fingerprint.ts";
import { JsonLines } from "./json-lines.ts";
import type { RecordDraft } from "./record.ts";
import type { SessionRecord } from "./store.ts";
import { clientIn, isPending, isSuperseded, isText, isTexts } from "./stored.ts";
import type { SessionId } from "./token.ts";

/**
 * The record in a text: six numbers, family and user in one, four parts of the secret, four of the authentication of which the
 * client is the last, data.
 *
 * @param text a list in JSON, each value on a line, and the data to the end. What may be missing in a record is null.
 * @param dataOf makes the text of its data of what stands for them; undefined if they cannot be read.
 * @param damaged the error about a part that cannot be read. Such a session opens nothing.
 */
export function recordIn(
  text: string,
  id: SessionId,
  dataOf: (text: string) => string | undefined,
  damaged: (part: string) => Error,
): SessionRecord {
  const lines = new JsonLines(headOf(text));
  const createdAt = lines.number();
  const lastSeenAt = lines.number();
  const expiresAt = lines.number();
  const secretRevision = lines.number();
  const dataRevision = lines.number();
  const dataVersion = lines.number();
  const isCounted =
    isExact(createdAt) &&
    isExact(lastSeenAt) &&
    isExact(expiresAt) &&
    isExact(secretRevision) &&
    isExact(dataRevision) &&
    isExact(dataVersion);
  if (!isCounted) throw damaged("numbers");

  const owner = lines.value();
  if (!isText(owner) || !owner.includes(" ")) throw damaged("owner");
  const space = owner.indexOf(" ");

  const secretHash = lines.value();
  const secretIssuedAt = lines.number();
  const superseded = lines.value();
  const pending = lines.value();
  const isSecret =
    isText(secretHash) &&
    isExact(secretIssuedAt) &&
    isSuperseded(superseded) &&
    (pending === null || isPending(pending));
  if (!isSecret) throw damaged("secret");

  const authenticatedAt = lines.number();
  const amr = lines.value();
  const fingerprint = lines.value();
  const client = clientOn(lines);
  const isAuthentication =
    isExact(authenticatedAt) &&
    isTexts(amr) &&
    (fingerprint === null || isText(fingerprint)) &&
    client !== undefined;
  if (!isAuthentication) throw damaged("authentication");

  const data = text.endsWith("]") ? dataOf(text.slice(lines.at, -1)) : undefined;
  if (data === undefined) throw damaged("data");

  const record: RecordDraft = {
    id,
    userId: owner.slice(space + 1),
    familyHash: owner.slice(0, space),
    secretHash,
    secretIssuedAt,
    superseded,
    authenticatedAt,
    amr,
    client,
    createdAt,
    lastSeenAt,
    expiresAt,
    secretRevision,
    dataRevision,
    dataVersion,
    data,
  };
  // To spread what may be missing costs a tenth of the reading.
  if (pending !== null) record.pending = pending;
  if (fingerprint !== null) record.fingerprint = fingerprint;
  return record;
}

/** In characters. */
const longText = 2_048;

/** What V8 cuts from a text keeps the whole of it alive: whoever remembers a user id shall not hold the session's data with it. */
function headOf(text: string): string {
  if (text.length <= longText) return text;
  return Buffer.from(text.slice(0, text.lastIndexOf("\n,{") + 1)).toString();
}

/** Address, user agent and language; or an object that has them by name. */
function clientOn(lines: JsonLines): ClientInfo | undefined {
  if (lines.isObject()) return clientIn(lines.line());
  const ip = lines.value();
  const userAgent = lines.value();
  const language = lines.value();
  if (!isTextOrNull(ip) || !isTextOrNull(userAgent) || !isTextOrNull(language)) return undefined;
  const client: { -readonly [part in keyof ClientInfo]: ClientInfo[part] } = {};
  if (ip !== null) client.ip = ip;
  if (userAgent !== null) client.userAgent = userAgent;
  if (language !== null) client.language = language;
  return client;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

/** Whether it can have been written by us: a larger one is not what it was any more. */
function isExact(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
