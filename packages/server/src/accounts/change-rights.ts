/** Changing what a user may do. */
import type { SessionManager } from "coatcheck";
import type { Accounts } from "./accounts.ts";
import type { Rights, User } from "./user.ts";

/**
 * Writes the user first and ends all their sessions then, if they may do less or something else now: a sign-in that
 * runs meanwhile either ends with them, or finds the account as it is when it asks whether it is still valid. To
 * disable once more whoever is disabled ends what may have been left over.
 */
export async function changeRights(
  accounts: Accounts,
  sessions: SessionManager,
  user: User,
  change: Partial<Rights>,
): Promise<{ readonly user: User; readonly endedSessions: number }> {
  const changed = await accounts.changeRights(user, change);
  const hasOtherRoles = changed.roles.join() !== user.roles.join();
  const endedSessions =
    changed.disabled || hasOtherRoles ? await sessions.revokeAll(user.id, { reason: "account-changed" }) : 0;
  return { user: changed, endedSessions };
}
