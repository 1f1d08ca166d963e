/** Whether a session is alive, by its id. */
import type { House } from "./house.ts";
import { expiry } from "./policy.ts";
import type { Session } from "./session.ts";
import { type EndReason, isEnded, type SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

/** The record of this session if it is alive. */
export async function liveRecord(house: House, id: SessionId): Promise<SessionRecord | undefined> {
  const found = await house.store.find(id);
  return found && !isEnded(found) && !expiry(house.policy, found, house.now()) ? found : undefined;
}

/** The live session of this id or why it ended, as far as either is known. */
export async function whatBecameOf<D>(
  house: House<D>,
  id: SessionId,
): Promise<{ session?: Session<D>; ended?: EndReason }> {
  const found = await house.store.find(id);
  if (!found) return {};
  if (isEnded(found)) return { ended: found.reason };
  return expiry(house.policy, found, house.now()) ? { ended: "expired" } : { session: house.session(found) };
}
