/** A presented remember token, and what its mere appearance demands. */
import { forget, revokeAll } from "../core/ends.ts";
import type { StoreUnavailableError } from "../core/errors.ts";
import type { ClientInfo } from "../core/fingerprint.ts";
import type { House } from "../core/house.ts";
import { maximumAttempts, tooManyRaces } from "../core/race.ts";
import { completeReturn } from "../core/remembered.ts";
import { replaceSecret } from "../core/renewal.ts";
import type { EndReason } from "../core/store.ts";
import type { SessionId, SessionToken } from "../core/token.ts";
import { judgeRemember, type RememberVerdict } from "./judge-remember.ts";

/** A verdict after a pending renewal was completed. */
type Settled = Exclude<RememberVerdict, { kind: "confirm" }>;

/** The token opens: it is current, was replaced a moment ago, or its successor may have been lost on the way. */
export type AcceptedRemember = Exclude<Settled, { kind: "theft" | "rejected" }>;

export function isAccepted(verdict: Settled): verdict is AcceptedRemember {
  return verdict.kind !== "theft" && verdict.kind !== "rejected";
}

/**
 * Finds and judges, and does what the appearance of a token demands: a renewal whose successor came back is completed,
 * a stolen family is ended, and of what opens nothing is told.
 */
export async function examine(house: House, token: SessionToken, client: ClientInfo): Promise<Settled> {
  const remembered = house.remembered!;
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const now = house.now();
    const verdict = judgeRemember(await remembered.find(token.id), token, { client }, now);
    if (verdict.kind !== "confirm") {
      if (!isAccepted(verdict)) await answerRefused(house, verdict, client);
      return verdict;
    }
    const { record, pending } = verdict;
    // Left pending for a node whose clock is right. It opens what is there, and nothing may begin by it.
    if (!house.storeClock.agrees) return { kind: "grace", record };
    const secret = completeReturn(record, pending, house.policy.grace, now);
    await remembered.update(record.id, { secret }, now, record.secretRevision);
  }
  throw keptChanging();
}

/** Whether the token was once ours; a guess was not. */
export function wasOurs(verdict: Settled): boolean {
  return verdict.kind !== "rejected" || verdict.reason !== "unknown";
}

/**
 * Forgets the browser whose token this is, and ends its session unless it is `except`. A wrong token ends nothing;
 * false if it was never ours.
 */
export async function forgetPresented(
  house: House,
  token: SessionToken,
  client: ClientInfo,
  reason: EndReason,
  except?: SessionId,
): Promise<boolean> {
  const verdict = await examine(house, token, client);
  if (isAccepted(verdict)) await forget(house, verdict.record, reason, except);
  return wasOurs(verdict);
}

/**
 * An unrelated secret for the browser whose token this is, if its session is this one, so that nobody who copied the
 * old one comes along.
 * @throws StoreUnavailableError if the store failed, or this node's clock is wrong.
 */
export async function refresh(
  house: House,
  token: SessionToken,
  client: ClientInfo,
  sessionId: SessionId,
): Promise<{ readonly token: SessionToken; readonly expiresAt: number } | undefined> {
  await house.storeClock.assertAgrees();
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const verdict = await examine(house, token, client);
    if (!isAccepted(verdict) || verdict.record.sessionId !== sessionId) return undefined;
    const { record } = verdict;
    const now = house.now();
    const fresh = token.refreshed();
    const secret = replaceSecret(record, fresh.secretHash, house.policy.grace, now);
    if (await house.remembered!.update(record.id, { secret }, now, record.secretRevision)) {
      return { token: fresh, expiresAt: record.expiresAt };
    }
  }
  throw keptChanging();
}

export function keptChanging(): StoreUnavailableError {
  return tooManyRaces("remember.update", "The remembered browser kept changing");
}

async function answerRefused(
  house: House,
  verdict: Exclude<Settled, AcceptedRemember>,
  client: ClientInfo,
): Promise<void> {
  if (verdict.kind === "theft") return endStolen(house, verdict, client);
  const { reason } = verdict;
  house.observers.tell({ type: "rejected", reason, sessionId: undefined, client, remember: true });
}

/** The family ends first. Told once, by whoever ended it. */
async function endStolen(
  house: House,
  { record, isFormer }: Extract<Settled, { kind: "theft" }>,
  client: ClientInfo,
): Promise<void> {
  // By a wrong clock a grace may seem to be over that is not.
  if (isFormer && !house.storeClock.agrees) return;
  const { sessionId, userId } = record;
  if (!(await forget(house, record, "theft"))) return;
  house.observers.tell({ type: "theft", sessionId, userId, client, remember: true });
  if (house.policy.onRememberTheft === "user") await revokeAll(house, userId, "theft", undefined);
}
