/** Choosing a new password with the code of a mail. */
import type { ClientInfo, SessionManager } from "coatcheck";
import type { Notifications } from "../mail/notifications.ts";
import type { Accounts } from "./accounts.ts";
import { unlock } from "./attempt.ts";
import type { Fault } from "./fault.ts";
import { passwordFault } from "./password-rules.ts";

export type PasswordReset =
  | { readonly done: true }
  | { readonly done: false; readonly problem: "invalid-code" }
  | { readonly done: false; readonly problem: "unacceptable"; readonly fault: Fault };

interface Parts {
  readonly accounts: Accounts;
  readonly sessions: SessionManager;
  readonly notifications: Notifications;
}

/**
 * Ends all sessions and remembered browsers, and opens an account that failed attempts had closed. A password that is
 * not accepted leaves the code good. Nobody is signed in by this: the new password is there for it.
 */
export async function resetPassword(
  { accounts, sessions, notifications }: Parts,
  client: ClientInfo,
  { code, password }: { readonly code: string; readonly password: string },
): Promise<PasswordReset> {
  const user = await accounts.findByResetCode(code);
  if (!user) return { done: false, problem: "invalid-code" };
  const fault = passwordFault(password, user.email);
  if (fault) return { done: false, problem: "unacceptable", fault };
  const done = await accounts.changePasswordByCode(user, code, password);
  if (!done) return { done: false, problem: "invalid-code" };
  await notifications.passwordChanged(user.id, client);
  await sessions.revokeAll(user.id, { reason: "credentials-changed" });
  await unlock(sessions, user.email);
  return { done: true };
}
