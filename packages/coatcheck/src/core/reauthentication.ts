/** Proving again who one is, within a session. */
import { examine, isAccepted, isLocked } from "./examination.ts";
import type { ClientInfo } from "./fingerprint.ts";
import { boundClient } from "./fingerprint-policy.ts";
import type { House } from "./house.ts";
import { maximumAttempts, tooManyRaces } from "./race.ts";
import { replaceSecret } from "./renewal.ts";
import { changeSecret } from "./secret-changes.ts";
import type { CreatedSession } from "./sign-in.ts";
import type { SessionRecord } from "./store.ts";
import type { SessionToken } from "./token.ts";

/**
 * The session with an unrelated secret in place of what was presented; undefined if that opens nothing.
 * @throws StoreUnavailableError if the store failed, or this node's clock is wrong.
 */
export async function reauthenticate<D>(
  house: House<D>,
  token: SessionToken,
  amr: readonly string[],
  client: ClientInfo | undefined,
): Promise<CreatedSession<D> | undefined> {
  const { policy } = house;
  // By a wrong clock the grace of the old secret would end in the past for others, and the sign-in be recent for longer.
  await house.storeClock.assertAgrees();
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const verdict = await examine(house, token, client ? { client } : {});
    if (!isAccepted(verdict) && !isLocked(verdict)) return undefined;
    const { record } = verdict;
    const now = house.now();
    const fresh = token.refreshed();
    const bound = client ? boundClient(policy.fingerprint, fresh, client) : clientOf(record);
    const authentication = { authenticatedAt: now, amr, ...bound };
    const secret = replaceSecret(record, fresh.secretHash, policy.grace, now);
    if (await changeSecret(house, record, { authentication, secret })) {
      house.observers.tellOf(record, { type: "reauthenticated", client: client ?? {}, amr });
      return { session: house.session({ ...record, ...authentication }), token: fresh };
    }
  }
  throw tooManyRaces("update", "The session kept changing during re-authentication");
}

/** The client that a session is bound to already. */
function clientOf({
  client,
  fingerprint: bound,
}: SessionRecord): Pick<SessionRecord, "client" | "fingerprint"> {
  return { client, ...(bound !== undefined && { fingerprint: bound }) };
}
