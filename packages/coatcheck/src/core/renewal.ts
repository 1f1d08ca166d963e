/**
 * The states of the secret of a session or a remembered browser, as pure functions from a record to its next state.
 *
 * current ──begin──▶ pending (old accepted, successor sent, again if lost) ──complete──▶ current (old in grace)
 * any ──replace──▶ current (all former in grace)
 */
import { type ClientInfo, tolerantFingerprint } from "./fingerprint.ts";
import type { SessionPolicy } from "./policy.ts";
import type { PendingRenewal, SessionChange, SessionRecord, SupersededSecret } from "./store.ts";
import { tolerableSkew } from "./store-clock.ts";
import { renewalSalt, type SessionToken } from "./token.ts";

type SecretState = NonNullable<SessionChange["secret"]>;

/** A record whose secret is renewed: of a session, or of a remembered browser. */
export type Renewable = Pick<SessionRecord, "secretHash" | "secretIssuedAt" | "pending" | "superseded">;

/** The fields of a record whose chain of secrets begins with this token. */
export function firstSecret(
  token: SessionToken,
  now: number,
): Pick<SessionRecord, "familyHash" | "secretHash" | "secretIssuedAt" | "superseded" | "secretRevision"> {
  const { familyHash, secretHash } = token;
  return { familyHash, secretHash, secretIssuedAt: now, superseded: [], secretRevision: 0 };
}

/**
 * So many former secrets are remembered. While all of them are in their grace no renewal begins: one that was forgotten
 * would be taken for stolen. Only re-authentication goes on, and more of those in one grace are no browser's doing.
 */
const maximumSuperseded = 8;

/** Whether the secret is so old that it is to be replaced at the next occasion. */
export function isRenewalDue(
  { renewAfter }: Pick<SessionPolicy, "renewAfter">,
  { secretIssuedAt }: Renewable,
  now: number,
): boolean {
  return now >= secretIssuedAt + renewAfter;
}

/** Whether a renewal may begin now: none is under way, and the secret that it replaces can be remembered. */
export function mayBeginRenewal(record: Renewable, now: number): boolean {
  return !record.pending && inGrace(record, now).length < maximumSuperseded;
}

/** Begins a renewal: the successor can be computed again by whoever holds the old secret, as often as it is lost. */
export function beginRenewal(
  record: Renewable,
  token: SessionToken,
  client: ClientInfo,
  now: number,
  salt: string = renewalSalt(),
): { readonly secret: SecretState; readonly successor: SessionToken } {
  const successor = token.successor(salt);
  const fingerprint = tolerantFingerprint(token, client);
  const secret = {
    secretHash: record.secretHash,
    secretIssuedAt: record.secretIssuedAt,
    pending: { secretHash: successor.secretHash, salt, fingerprint, startedAt: now },
    superseded: remembered(record, now),
  };
  return { secret, successor };
}

/** The successor was seen: it is the current secret now, the salt is dropped and the old secret begins its grace. */
export function completeRenewal(
  record: Renewable,
  pending: PendingRenewal,
  grace: number,
  now: number,
): SecretState {
  return {
    secretHash: pending.secretHash,
    secretIssuedAt: now,
    superseded: supersede(record, [record.secretHash], grace, now),
  };
}

/** An unrelated secret takes over; what was valid before, a pending successor included, begins its grace. */
export function replaceSecret(
  record: Renewable,
  secretHash: string,
  grace: number,
  now: number,
): SecretState {
  const former = record.pending ? [record.secretHash, record.pending.secretHash] : [record.secretHash];
  return { secretHash, secretIssuedAt: now, superseded: supersede(record, former, grace, now) };
}

function supersede(
  record: Renewable,
  hashes: readonly string[],
  grace: number,
  now: number,
): SupersededSecret[] {
  const beginning = hashes.map((secretHash) => ({ secretHash, until: now + grace }));
  return [...remembered(record, now), ...beginning].slice(-maximumSuperseded);
}

function inGrace(record: Renewable, now: number): SupersededSecret[] {
  return record.superseded.filter((former) => now < former.until);
}

/** A node whose clock is behind still takes them: forgotten here, they would be stolen there. */
function remembered(record: Renewable, now: number): SupersededSecret[] {
  return record.superseded.filter((former) => now < former.until + tolerableSkew);
}
