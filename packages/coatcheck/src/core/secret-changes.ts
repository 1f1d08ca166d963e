/** Changes of the secret of a session: each is one conditional write. */
import type { Settled } from "./examination.ts";
import type { ClientInfo } from "./fingerprint.ts";
import type { House } from "./house.ts";
import type { Accepted } from "./judge.ts";
import { beginRenewal, isRenewalDue, mayBeginRenewal } from "./renewal.ts";
import { isEnded, type SessionChange, type SessionRecord } from "./store.ts";
import { type SessionToken, sameHash } from "./token.ts";
import type { TokenRequest } from "./validation.ts";

/** Writes a change of the secret if nobody changed it since the record was read. */
export function changeSecret(house: House, record: SessionRecord, change: SessionChange): Promise<boolean> {
  const condition = { secretRevision: record.secretRevision };
  return house.store.update(record.id, change, house.now(), condition);
}

/** Who loses the race sends no cookie: the winner's successor is the only one. */
export async function startRenewal(
  house: House,
  record: SessionRecord,
  token: SessionToken,
  client: ClientInfo,
): Promise<SessionToken | undefined> {
  const now = house.now();
  if (!house.storeClock.agrees || !mayBeginRenewal(record, now)) return undefined;
  const { secret, successor } = beginRenewal(record, token, client, now);
  if (!(await changeSecret(house, record, { secret }))) return undefined;
  house.observers.tellOf(record, { type: "renewed", client });
  return successor;
}

/** The token to send in place of the one that was accepted: of a renewal under way, or of one that is due. */
export async function successorOf(
  house: House,
  verdict: Settled<Accepted>,
  token: SessionToken,
  request: TokenRequest,
): Promise<SessionToken | undefined> {
  if (!request.canRenew) return undefined;
  if (verdict.kind === "resend") return token.successor(verdict.pending.salt);
  const { record } = verdict;
  const due = verdict.kind === "current" && isRenewalDue(house.policy, record, house.now());
  if (!due) return undefined;
  try {
    // Asked for only here: what is known of the client is put together from headers.
    return await startRenewal(house, record, token, request.client ?? {});
  } catch (cause) {
    house.warn("A renewal could not be written; the session goes on with its present secret", cause);
    return undefined;
  }
}

/**
 * Whether this successor is still the one to send: nobody signed out or proved again who they are since, and no
 * other request of the client has used it.
 */
export async function isPending(house: House, successor: SessionToken): Promise<boolean> {
  const found = await house.store.find(successor.id);
  const pending = found && !isEnded(found) ? found.pending : undefined;
  return pending !== undefined && sameHash(pending.secretHash, successor.secretHash);
}
