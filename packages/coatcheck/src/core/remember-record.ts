/**
 * The rules of the port for remembered browsers about one record as pure functions, for stores that work on records in
 * this process.
 */
import type { RememberChange, RememberRecord } from "./remember-store.ts";
import type { SessionId } from "./token.ts";

/** The record after a change. It shares `pending` and `superseded` with the change. */
export function changedRemember(record: RememberRecord, change: RememberChange): RememberRecord {
  const { secret, sessionId, lastUsedAt = record.lastUsedAt } = change;
  const { pending: _, ...rest } = record;
  return {
    ...rest,
    secretHash: secret.secretHash,
    secretIssuedAt: secret.secretIssuedAt,
    ...(secret.pending && { pending: secret.pending }),
    superseded: secret.superseded,
    secretRevision: record.secretRevision + 1,
    ...(sessionId !== undefined && { sessionId, formerSessionId: record.sessionId }),
    lastUsedAt: Math.max(record.lastUsedAt, lastUsedAt),
  };
}

/** The sessions by which a record is found. */
export function sessionsOf(record: Pick<RememberRecord, "sessionId" | "formerSessionId">): SessionId[] {
  const { sessionId, formerSessionId } = record;
  return formerSessionId === undefined ? [sessionId] : [sessionId, formerSessionId];
}
