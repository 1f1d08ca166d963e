/**
 * Coming back as a remembered browser, within one request:
 *
 * claim (one conditional write: the record names the new session, and the successor of the token) ──▶ begin (insert
 * that session, unless another request has) ──▶ verify (the browser is still remembered, with that session) ──▶ answer
 *
 * Any request of the browser may do any step: one claims, one begins, and all go on in the same session. Nobody is let
 * in before the last step, for whoever ends a browser ends its record first, and then the session that it names.
 */
import { beginRemembered } from "../core/beginnings.ts";
import { forget, revoke } from "../core/ends.ts";
import type { ClientInfo } from "../core/fingerprint.ts";
import { type FingerprintReaction, suspicionOfReturning } from "../core/fingerprint-policy.ts";
import type { House } from "../core/house.ts";
import type { Rejection } from "../core/judge.ts";
import { whatBecameOf } from "../core/live-session.ts";
import type { SessionPolicy } from "../core/policy.ts";
import { maximumAttempts } from "../core/race.ts";
import type { RememberRecord } from "../core/remember-store.ts";
import type { RememberTicket } from "../core/remembered.ts";
import { beginRenewal, mayBeginRenewal } from "../core/renewal.ts";
import type { Session } from "../core/session.ts";
import type { PendingRenewal } from "../core/store.ts";
import { SessionToken } from "../core/token.ts";
import { examine, keptChanging, wasOurs } from "./remember-token.ts";

/** Who comes back. */
export interface ReturningClient {
  readonly client: ClientInfo;
  /** Whether this user may still come back. Asked after the session was written, as at sign-in. */
  readonly stillValid?: ((userId: string) => boolean | Promise<boolean>) | undefined;
}

/** What became of it. */
export type Resumption<D> =
  /** `unknown`: the token was never ours. */
  | { readonly ok: false; readonly reason: "refused" | "theft" | "unknown" }
  | {
      readonly ok: true;
      readonly session: Session<D>;
      /** Has the keys of the session. It opens the session only where `cookies` carry it. */
      readonly token: SessionToken;
      /** Undefined for who goes on in a session that another request, or another client, was given. */
      readonly cookies: { readonly session: SessionToken; readonly remember: RememberTicket } | undefined;
    };

const refused = { ok: false, reason: "refused" } as const;

/**
 * Whether a remembered browser may come back in place of a session that was rejected for this. One that was ended
 * took the browser with it; only a resume replaces a session and goes on.
 */
export function mayResume(rejection: Rejection): boolean {
  if (rejection.reason === "ended") return rejection.ended === "expired" || rejection.ended === "replaced";
  return ["absent", "unknown", "idle-timeout", "absolute-timeout"].includes(rejection.reason);
}

/**
 * The session with which a remembered browser comes back.
 * @throws StoreUnavailableError if the store failed: nobody is forgotten for that.
 */
export async function resume<D>(
  house: House<D>,
  token: SessionToken,
  returning: ReturningClient,
): Promise<Resumption<D>> {
  // By a wrong clock a session that is alive seems to have expired, and two nodes would begin two in its place.
  await house.storeClock.assertAgrees();
  let overtaken = false;
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const verdict = await examine(house, token, returning.client);
    if (verdict.kind === "theft") return { ok: false, reason: "theft" };
    if (verdict.kind === "rejected") return wasOurs(verdict) ? refused : { ok: false, reason: "unknown" };
    const { record } = verdict;
    const reaction = suspicionOfReturning(house.policy.fingerprint, record.client, returning.client);
    if (reaction && reaction !== "report") {
      await turnAway(house, record, reaction, returning.client);
      return refused;
    }
    const { session, ended } = await whatBecameOf(house, record.sessionId);
    if (ended && ended !== "expired") {
      await forget(house, record, ended);
      return refused;
    }
    if (verdict.kind === "grace") return session ? goOn(session, token) : refused;

    const { pending } = record;
    const now = house.now();
    if (!pending && !mayBeginRenewal(record, now)) return refused;
    if (pending && (session || (!ended && mayBegin(house.policy, pending, now)))) {
      const entered = await enter(house, token, { record, pending, session }, returning);
      if (entered === "changed") continue;
      if (entered === "refused") return refused;
      const isSent = verdict.kind === "resend" && !overtaken;
      return isSent ? send(entered, token, record, pending) : goOn(entered, token);
    }
    overtaken = !(await claim(house, token, record, returning.client));
    if (reaction && !overtaken) tellOfOdd(house, record, reaction, returning.client);
  }
  throw keptChanging();
}

/**
 * Whoever copied all cookies of a browser must not come back by one where the other is refused: they have to sign in.
 * Where the policy is to revoke, the browser is forgotten.
 */
async function turnAway(
  house: House,
  record: RememberRecord,
  reaction: FingerprintReaction,
  client: ClientInfo,
): Promise<void> {
  const isEnded = reaction === "revoke" && (await forget(house, record, "fingerprint"));
  if (isEnded) tellOfOdd(house, record, reaction, client);
  const { sessionId } = record;
  house.observers.tell({
    type: "rejected",
    reason: "fingerprint",
    sessionId,
    client,
    remember: true,
  });
}

function tellOfOdd(
  house: House,
  { sessionId, userId, client: signedIn }: RememberRecord,
  reaction: FingerprintReaction,
  client: ClientInfo,
): void {
  house.observers.tell({ type: "fingerprint", sessionId, userId, reaction, client, signedIn });
}

/** A session that was named and is not there has not begun yet; after its time it may as well have been and gone. */
function mayBegin(policy: SessionPolicy, { startedAt }: PendingRenewal, now: number): boolean {
  return now < startedAt + Math.min(policy.idleTimeout, policy.absoluteTimeout);
}

/**
 * Names a new session. The successor stays the same as long as the token does: of two answers that arrive late, both
 * carry the right one.
 */
function claim(
  house: House,
  token: SessionToken,
  record: RememberRecord,
  client: ClientInfo,
): Promise<boolean> {
  const now = house.now();
  const { secret } = beginRenewal(record, token, client, now, record.pending?.salt);
  const { id: sessionId } = SessionToken.generate(record.userId);
  const change = { secret, sessionId, lastUsedAt: now };
  return house.remembered!.update(record.id, change, now, record.secretRevision);
}

interface Claim<D> {
  readonly record: RememberRecord;
  readonly pending: PendingRenewal;
  readonly session: Session<D> | undefined;
}

/** The named session, begun if need be, once it is certain that whoever ends the browser will find it. */
async function enter<D>(
  house: House<D>,
  token: SessionToken,
  { record, pending, session }: Claim<D>,
  { client, stillValid }: ReturningClient,
): Promise<Session<D> | "changed" | "refused"> {
  const { id, userId, sessionId } = record;
  const ticket = token.sessionToken(sessionId, pending.salt);
  const named = session ?? (await beginRemembered(house, record, ticket, client));
  if (named === "duplicate") return "changed";
  if (named === "limit") return "refused";
  if (stillValid && !(await stillValid(userId))) {
    await forget(house, record, "account-changed");
    return "refused";
  }
  const now = await house.remembered!.find(id);
  if (now?.sessionId === sessionId) return named;
  if (now) return "changed";
  await revoke(house, sessionId, "revoked");
  return "refused";
}

function send<D>(
  session: Session<D>,
  token: SessionToken,
  { expiresAt }: RememberRecord,
  { salt }: PendingRenewal,
): Resumption<D> {
  const ticket = token.sessionToken(session.id, salt);
  const remember = { token: token.successor(salt), expiresAt };
  return { ok: true, session, token: ticket, cookies: { session: ticket, remember } };
}

function goOn<D>(session: Session<D>, token: SessionToken): Resumption<D> {
  return { ok: true, session, token: token.sessionKeys(session.id), cookies: undefined };
}
