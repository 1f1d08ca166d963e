/** Finding and judging the session of a presented token, and what the mere appearance of the token demands. */
import { end, forgetWith } from "./ends.ts";
import { type ClientInfo, fingerprint } from "./fingerprint.ts";
import { comparedSignals, type FingerprintReaction } from "./fingerprint-policy.ts";
import type { House } from "./house.ts";
import { type Accepted, judge, type Refused, type Verdict } from "./judge.ts";
import { maximumAttempts, tooManyRaces } from "./race.ts";
import { completeReturn } from "./remembered.ts";
import { completeRenewal, isRenewalDue } from "./renewal.ts";
import { changeSecret } from "./secret-changes.ts";
import type { Session } from "./session.ts";
import { isUnseen } from "./sign-in.ts";
import { type EndedSession, isEnded, type SessionRecord } from "./store.ts";
import type { SessionId, SessionToken } from "./token.ts";
import type { TokenRequest, ValidSession } from "./validation.ts";

/** A verdict after a pending renewal was completed. */
export type Settled<V extends Verdict = Verdict> = Exclude<V, { kind: "confirm" }>;

/** What the token opens by what the store finds. */
export async function examine(house: House, token: SessionToken, request: TokenRequest): Promise<Settled> {
  return settle(house, token, request, await house.store.find(token.id));
}

/**
 * A renewal whose successor came back is completed, so `confirm` never leaves here; a stolen session is ended; and of
 * an odd client is told.
 * @param first what the store has found.
 */
export async function settle(
  house: House,
  token: SessionToken,
  request: TokenRequest,
  first: SessionRecord | EndedSession | undefined,
): Promise<Settled> {
  let found = first;
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    if (attempt > 0) found = await house.store.find(token.id);
    const verdict = judge(house.policy, found, token, request, house.now());
    if (verdict.kind === "theft") await endStolen(house, verdict, request);
    if ("reaction" in verdict && verdict.reaction)
      await meetOddClient(house, verdict.record, verdict.reaction, token, request);
    if (verdict.kind !== "confirm") return verdict;
    const { record, pending } = verdict;
    // The grace of the old secret would end in the past for others, or long after its time.
    if (!house.storeClock.agrees) return { ...verdict, kind: "current" };
    if (isUnseen(record) && !(await confirmReturn(house, record.id))) continue;
    const secret = completeRenewal(record, pending, house.policy.grace, house.now());
    await changeSecret(house, record, { secret });
  }
  throw tooManyRaces("update", "The session kept changing while it was validated");
}

/** The session of the token by what a cache has, where that is enough. On everything else the store has the word. */
export function recentSession<D>(
  house: House<D>,
  token: SessionToken,
  request: TokenRequest,
): ValidSession<D> | undefined {
  const session = plainSession(house, token, request, house.store.recent?.(token.id));
  return session && { ok: true, session, token, successor: undefined, superseded: false, recent: true };
}

/**
 * The session of what was found, if there is nothing more to do than to note its use: the token is the current one of a
 * live session, from a client like the one that signed in, and nothing is being renewed or due to be.
 */
export function plainSession<D>(
  house: House<D>,
  token: SessionToken,
  request: TokenRequest,
  found: SessionRecord | EndedSession | undefined,
): Session<D> | undefined {
  if (!found || isEnded(found) || found.pending) return undefined;
  const now = house.now();
  if (request.canRenew && isRenewalDue(house.policy, found, now)) return undefined;
  const verdict = judge(house.policy, found, token, request, now);
  if (verdict.kind !== "current" || verdict.reaction) return undefined;
  if (request.touch !== false) house.touches.touchIfDue(found, now);
  return house.session(found);
}

export function isAccepted(verdict: Settled): verdict is Settled<Accepted> {
  return accepted.has(verdict.kind);
}

const accepted: ReadonlySet<string> = new Set<Settled<Accepted>["kind"]>(["current", "resend", "grace"]);

/** Whether the session opens again when its user proves who they are. */
export function isLocked(verdict: Refused): verdict is Extract<Refused, { kind: "foreign" }> {
  return verdict.kind === "foreign" && verdict.reaction === "step-up";
}

/**
 * The session of a remembered browser is presented for the first time: so the browser has its new token as well, and
 * the old one begins its grace. False if the record changed meanwhile.
 */
async function confirmReturn({ remembered, policy, now }: House, id: SessionId): Promise<boolean> {
  const browser = await remembered?.findBySession(id);
  if (!remembered || !browser?.pending || browser.sessionId !== id) return true;
  const at = now();
  const secret = completeReturn(browser, browser.pending, policy.grace, at);
  return remembered.update(browser.id, { secret }, at, browser.secretRevision);
}

async function endStolen(
  house: House,
  { record, isFormer }: Extract<Verdict, { kind: "theft" }>,
  { client = {} }: TokenRequest,
): Promise<void> {
  // By a wrong clock a grace may seem to be over that is not.
  if (isFormer && !house.storeClock.agrees) return;
  await forgetWith(house, record.id, "theft");
  const ended = await house.store.delete(record.id, "theft", house.now());
  if (ended) house.observers.tellOf(ended, { type: "theft", client });
}

/** Does and tells what the policy says of a client that is unlike the one that signed in. */
async function meetOddClient(
  house: House,
  record: SessionRecord,
  reaction: FingerprintReaction,
  token: SessionToken,
  { client = {} }: TokenRequest,
): Promise<void> {
  const isNews = reaction === "revoke" ? await endOdd(house, record) : isUntold(house, record, token, client);
  if (isNews) {
    house.observers.tellOf(record, { type: "fingerprint", reaction, client, signedIn: record.client });
  }
}

async function endOdd(house: House, { id }: SessionRecord): Promise<boolean> {
  await forgetWith(house, id, "fingerprint");
  return end(house, id, "fingerprint");
}

function isUntold(
  { toldClients, policy }: House,
  { id }: SessionRecord,
  token: SessionToken,
  client: ClientInfo,
): boolean {
  return toldClients.isNews(id, fingerprint(token, comparedSignals(policy.fingerprint), client));
}
