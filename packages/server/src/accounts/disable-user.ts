/** Shutting a user out. */
import type { SessionManager } from "coatcheck";
import type { Accounts } from "./accounts.ts";
import type { User } from "./user.ts";

/**
 * Writes the user first and ends the sessions then: a sign-in that runs meanwhile either ends with them, or finds the
 * account disabled when it asks whether it is still valid. Returns how many sessions ended.
 */
export async function disableUser(accounts: Accounts, sessions: SessionManager, user: User): Promise<number> {
  await accounts.setDisabled(user, true);
  return sessions.revokeAll(user.id, { reason: "account-changed" });
}
