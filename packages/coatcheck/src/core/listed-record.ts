/** A session record as a list of its parts, without their names: how stores read it from JSON, in three quarters of the time. */
import type { SessionRecord } from "./store.ts";
import { clientIn, isPending, isSuperseded, isText, isTexts } from "./stored.ts";
import type { SessionId } from "./token.ts";

/**
 * The record in the text of a list: six numbers, family and user, four parts of the secret, four of the authentication, data.
 *
 * Family and user, the owner, are one text, with a space between them. V8 looks each text of up to ten characters up among
 * all that it knows, since it may be a name, and of user ids there are many (docs/decisions/0050).
 *
 * @param text JSON. What may be missing in a record is null.
 * @param dataOf the text of its data; undefined if they cannot be read.
 * @param damaged the error about a part that cannot be read. Such a session opens nothing.
 */
export function recordIn(
  text: string,
  id: SessionId,
  dataOf: (data: unknown) => string | undefined,
  damaged: (part: string) => Error,
): SessionRecord {
  const list = listIn(text);
  if (list?.length !== 16) throw damaged("text");
  const [
    createdAt,
    lastSeenAt,
    expiresAt,
    secretRevision,
    dataRevision,
    dataVersion,
    owner,
    secretHash,
    secretIssuedAt,
    superseded,
    pending,
    authenticatedAt,
    amr,
    fingerprint,
    clientParts,
    data,
  ] = list;
  const isCounted =
    isExact(createdAt) &&
    isExact(lastSeenAt) &&
    isExact(expiresAt) &&
    isExact(secretRevision) &&
    isExact(dataRevision) &&
    isExact(dataVersion);
  const isOwned = isText(owner) && owner.includes(" ");
  const isSecret =
    isText(secretHash) &&
    isExact(secretIssuedAt) &&
    isSuperseded(superseded) &&
    (pending === null || isPending(pending));
  const client = clientIn(clientParts);
  const isAuthentication =
    isExact(authenticatedAt) &&
    isTexts(amr) &&
    (fingerprint === null || isText(fingerprint)) &&
    client !== undefined;
  const dataText = dataOf(data);
  if (!isCounted) throw damaged("numbers");
  if (!isOwned) throw damaged("owner");
  if (!isSecret) throw damaged("secret");
  if (!isAuthentication) throw damaged("authentication");
  if (dataText === undefined) throw damaged("data");
  const space = owner.indexOf(" ");
  const record: { -readonly [name in keyof SessionRecord]: SessionRecord[name] } = {
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
    data: dataText,
  };
  // To spread what may be missing costs a tenth of the reading.
  if (pending !== null) record.pending = pending;
  if (fingerprint !== null) record.fingerprint = fingerprint;
  return record;
}

/** Undefined where there is none: the error of JSON.parse would quote the text. */
function listIn(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it can have been written by us: a larger one is not what it was any more. */
function isExact(value: unknown): value is number {
  return Number.isFinite(value) && Math.abs(value as number) <= Number.MAX_SAFE_INTEGER;
}
