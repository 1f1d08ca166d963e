/** Changing what a user may do. */
import type { SessionManager } from "coatcheck";
import type { Accounts } from "./accounts.ts";
import type { Rights, User } from "./user.ts";

/** Who was changed to what, and how many sessions of theirs ended. */
export interface ChangedRights {
  readonly user: User;
  readonly endedSessions: number;
}

/**
 * Writes the user first and ends all their sessions then, if they may do less or something else now: a sign-in that
 * runs meanwhile either ends with them, or finds the account as it is when it asks whether it is still valid. To
 * disable once more whoever is disabled ends what may have been left over.
 *
 * @param by the administrator who asks. Undefined, and nothing is changed, if they are none any more.
 */
export async function changeRights(
  accounts: Accounts,
  sessions: SessionManager,
  user: User,
  change: Partial<Rights>,
  by?: User,
): Promise<ChangedRights | undefined> {
  const changed = await accounts.changeRights(user, change, by);
  if (!changed) return undefined;
  const hasOtherRoles = changed.roles.join() !== user.roles.join();
  const endedSessions =
    changed.disabled || hasOtherRoles ? await sessions.revokeAll(user.id, { reason: "account-changed" }) : 0;
  return { user: changed, endedSessions };
}
