/** Session records for tests of stores. */
import type { ClientInfo } from "../core/fingerprint.ts";
import { firstSecret, type Renewable } from "../core/renewal.ts";
import type { SessionRecord } from "../core/store.ts";
import { SessionToken } from "../core/token.ts";

/** When the sessions of `sessionRecord` begin. */
export const beginning: number = Date.UTC(2030, 0, 1);

/** Who uses the sessions of `sessionRecord`. */
export const firefox: ClientInfo = {
  ip: "192.0.2.1",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
  language: "en-GB",
};

/** The record of a new session that began at `beginning` and lives for half an hour, but for these fields. */
export function sessionRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  const userId = fields.userId ?? "ada";
  const token = SessionToken.generate(userId);
  return {
    id: token.id,
    userId,
    ...firstSecret(token, beginning),
    createdAt: beginning,
    authenticatedAt: beginning,
    amr: ["pwd"],
    lastSeenAt: beginning,
    expiresAt: beginning + 30 * 60_000,
    client: { ...firefox },
    data: '{"theme":"dark"}',
    dataVersion: 1,
    dataRevision: 0,
    ...fields,
  };
}

/** A record in which no field is empty. */
export function fullRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return sessionRecord({
    ...usedSecret(),
    secretRevision: 7,
    authenticatedAt: beginning + 2,
    amr: ["pwd", "otp"],
    fingerprint: `tolerant:${hash()}`,
    lastSeenAt: beginning + 4,
    data: '{"theme":"dark","visits":3,"basket":[{"id":1},[],{}],"note":null}',
    dataVersion: 3,
    dataRevision: 12,
    ...fields,
  });
}

/** The state of a secret that was used: a renewal is pending and two secrets are superseded. */
export function usedSecret(): Required<Renewable> {
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

/** A hash that no other record has. */
export function hash(): string {
  return SessionToken.generate("ada").secretHash;
}
