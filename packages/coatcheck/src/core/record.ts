/**
 * The port's rules about one record as pure functions, for stores that work on records in this process. Stores whose
 * backend works on the records itself have the same rules in its language.
 */
import {
  type EndReason,
  mergeData,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type UpdateCondition,
} from "./store.ts";

/** Whether a session is alive: it is dead from the very millisecond of its deadline on. */
export function isLive(record: Pick<SessionRecord, "expiresAt">, now: number): boolean {
  return now < record.expiresAt;
}

/** Whether the record is still as the writer of a change believes it to be. */
export function meets(record: SessionRecord, condition: UpdateCondition = {}): boolean {
  const { secretRevision = record.secretRevision, dataRevision = record.dataRevision } = condition;
  return record.secretRevision === secretRevision && record.dataRevision === dataRevision;
}

/** The record after a change. It shares `amr`, `client`, `pending` and `superseded` with the change. */
export function changed(record: SessionRecord, change: SessionChange): SessionRecord {
  const { seen, secret, authentication, data, dataVersion } = change;
  return {
    ...withAuthentication(secret ? withSecret(record, secret) : record, authentication),
    ...(seen && {
      lastSeenAt: Math.max(record.lastSeenAt, seen.lastSeenAt),
      expiresAt: Math.max(record.expiresAt, seen.expiresAt),
    }),
    ...(data && { data: mergeData(record.data, data), dataRevision: record.dataRevision + 1 }),
    ...(dataVersion !== undefined && { dataVersion }),
  };
}

function withSecret(record: SessionRecord, secret: NonNullable<SessionChange["secret"]>): SessionRecord {
  const { pending: _, ...rest } = record;
  const { secretHash, secretIssuedAt, pending, superseded } = secret;
  const secretRevision = record.secretRevision + 1;
  return { ...rest, secretHash, secretIssuedAt, superseded, secretRevision, ...(pending && { pending }) };
}

function withAuthentication(
  record: SessionRecord,
  authentication: SessionChange["authentication"],
): SessionRecord {
  if (!authentication) return record;
  const { fingerprint: _, ...rest } = record;
  const { authenticatedAt, amr, client, fingerprint } = authentication;
  return { ...rest, authenticatedAt, amr, client, ...(fingerprint !== undefined && { fingerprint }) };
}

/** A record that is being put together: what may be missing is added to it. */
export type RecordDraft = { -readonly [field in keyof SessionRecord]: SessionRecord[field] };

/**
 * A copy that nobody can change, so that it can be handed out as often as it is asked for. By name, since V8 may keep what is
 * spread in two places, of which neither is in a processor's cache. What every hit reads stands first
 * (docs/decisions/0051-kept-records-have-a-table-of-their-own.md).
 */
export function frozen(record: SessionRecord): SessionRecord {
  const { pending, fingerprint } = record;
  return Object.freeze({
    id: record.id,
    secretHash: record.secretHash,
    secretIssuedAt: record.secretIssuedAt,
    createdAt: record.createdAt,
    lastSeenAt: record.lastSeenAt,
    expiresAt: record.expiresAt,
    authenticatedAt: record.authenticatedAt,
    client: Object.freeze({ ...record.client }),
    userId: record.userId,
    amr: Object.freeze([...record.amr]),
    superseded: Object.freeze(record.superseded.map((former) => Object.freeze({ ...former }))),
    secretRevision: record.secretRevision,
    familyHash: record.familyHash,
    data: record.data,
    dataVersion: record.dataVersion,
    dataRevision: record.dataRevision,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(pending && { pending: Object.freeze({ ...pending }) }),
  });
}

/**
 * Which of a user's sessions leave when one more comes in under this limit: the expired ones, the replaced one, and
 * as many of the oldest as it takes. Undefined if the limit refuses the new one.
 */
export function leaving<T extends Candidate>(
  sessions: readonly T[],
  limit: SessionLimit,
  now: number,
): readonly Leaving<T>[] | undefined {
  const ended: Leaving<T>[] = [];
  const staying: T[] = [];
  for (const record of sessions) {
    if (!isLive(record, now)) ended.push({ record, reason: "expired" });
    else if (record.id === limit.replacing) ended.push({ record, reason: "replaced" });
    else staying.push(record);
  }
  const tooMany = staying.length + 1 - limit.maximum;
  if (tooMany <= 0) return ended;
  if (limit.exceeded === "refuse") return undefined;
  const oldest = staying.sort(byAge).slice(0, tooMany);
  return [...ended, ...oldest.map((record) => ({ record, reason: "evicted" as const }))];
}

/** What is looked at of a session that may have to leave. */
type Candidate = Pick<SessionRecord, "id" | "createdAt" | "expiresAt">;

interface Leaving<T> {
  readonly record: T;
  readonly reason: EndReason;
}

/** The oldest first. Ids break ties, so that every store ends the same session. */
function byAge(a: Candidate, b: Candidate): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
