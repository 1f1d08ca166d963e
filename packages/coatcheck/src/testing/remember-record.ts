/** Records of remembered browsers for tests of stores. */
import type { RememberChange, RememberRecord } from "../core/remember-store.ts";
import { type SessionId, SessionToken } from "../core/token.ts";
import { beginning, hash } from "./record.ts";

const month = 30 * 24 * 60 * 60_000;

/** The record of a browser that was remembered at `beginning`, for 30 days, but for these fields. */
export function rememberRecord(fields: Partial<RememberRecord> = {}): RememberRecord {
  const userId = fields.userId ?? "ada";
  const token = SessionToken.generate(userId);
  return {
    id: token.id,
    userId,
    familyHash: token.familyHash,
    secretHash: token.secretHash,
    secretIssuedAt: beginning,
    superseded: [],
    secretRevision: 0,
    sessionId: newSessionId(userId),
    createdAt: beginning,
    lastUsedAt: beginning,
    expiresAt: beginning + month,
    client: {
      ip: "192.0.2.1",
      userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
      language: "en-GB",
    },
    ...fields,
  };
}

/** A record in which no field is empty: it was used, the successor was not seen yet, and two secrets are superseded. */
export function fullRememberRecord(fields: Partial<RememberRecord> = {}): RememberRecord {
  const userId = fields.userId ?? "ada";
  return rememberRecord({
    ...rememberUse(),
    secretRevision: 7,
    sessionId: newSessionId(userId),
    formerSessionId: newSessionId(userId),
    lastUsedAt: beginning + 4,
    ...fields,
  });
}

/** A new state of the secret, as a use of the browser's token writes it. */
export function rememberUse(): Required<RememberChange["secret"]> &
  Pick<Required<RememberRecord>, "pending"> {
  return {
    secretHash: hash(),
    secretIssuedAt: beginning + 1,
    pending: {
      secretHash: hash(),
      salt: "c2FsdCBvZiBzaXh0ZWVu",
      fingerprint: hash(),
      startedAt: beginning + 3,
    },
    superseded: [
      { secretHash: hash(), until: beginning + 30_000 },
      { secretHash: hash(), until: beginning + 30_001 },
    ],
  };
}

/** The id of a session that this user could have. */
export function newSessionId(userId: string = "ada"): SessionId {
  return SessionToken.generate(userId).id;
}
