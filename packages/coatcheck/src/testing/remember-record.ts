/** Records of remembered browsers for tests of stores. */
import type { RememberRecord } from "../core/remember-store.ts";
import { firstSecret } from "../core/renewal.ts";
import { type SessionId, SessionToken } from "../core/token.ts";
import { beginning, firefox, usedSecret } from "./record.ts";

const month = 30 * 24 * 60 * 60_000;

/** The record of a browser that was remembered at `beginning`, for 30 days, but for these fields. */
export function rememberRecord(fields: Partial<RememberRecord> = {}): RememberRecord {
  const userId = fields.userId ?? "ada";
  const token = SessionToken.generate(userId);
  return {
    id: token.id,
    userId,
    ...firstSecret(token, beginning),
    sessionId: newSessionId(userId),
    createdAt: beginning,
    lastUsedAt: beginning,
    expiresAt: beginning + month,
    client: { ...firefox },
    ...fields,
  };
}

/** A record in which no field is empty: it was used, the successor was not seen yet, and two secrets are superseded. */
export function fullRememberRecord(fields: Partial<RememberRecord> = {}): RememberRecord {
  const userId = fields.userId ?? "ada";
  return rememberRecord({
    ...usedSecret(),
    secretRevision: 7,
    sessionId: newSessionId(userId),
    formerSessionId: newSessionId(userId),
    lastUsedAt: beginning + 4,
    ...fields,
  });
}

/** The id of a session that this user could have. */
export function newSessionId(userId: string = "ada"): SessionId {
  return SessionToken.generate(userId).id;
}
