/** Changing the password, and proving that one still knows it. */
import type { RequestAuth, Session } from "coatcheck";
import type { Notifications } from "../mail/notifications.ts";
import type { Accounts } from "./accounts.ts";
import { countAttempt } from "./attempt.ts";
import type { Fault } from "./fault.ts";
import type { Identity } from "./identify.ts";
import { passwordFault } from "./password-rules.ts";

export type PasswordChange =
  | { readonly done: true; readonly endedSessions: number }
  /** `changed-meanwhile`: another change was faster, so `current` is wrong by now. */
  | { readonly done: false; readonly problem: "wrong-password" | "changed-meanwhile" }
  | { readonly done: false; readonly problem: "unacceptable"; readonly fault: Fault };

/**
 * Writes the user first and ends the other sessions then: a sign-in with the old password that runs meanwhile either
 * ends with them, or finds the new password when it asks whether it is still valid. This session goes on under a
 * new secret, so that nobody who copied the old one comes along.
 * @throws ProblemError (429) after too many wrong passwords.
 */
export async function changePassword(
  { accounts, notifications }: { readonly accounts: Accounts; readonly notifications: Notifications },
  auth: RequestAuth,
  { user, session }: Identity,
  { current, next }: { readonly current: string; readonly next: string },
): Promise<PasswordChange> {
  const fault = passwordFault(next, user.email);
  if (fault) return { done: false, problem: "unacceptable", fault };
  await countAttempt(auth, user.email);
  if (!(await accounts.confirm(user, current))) return { done: false, problem: "wrong-password" };
  if (!(await accounts.changePassword(user, next))) return { done: false, problem: "changed-meanwhile" };
  await notifications.passwordChanged(user.id, auth.client, session.id);
  const endedSessions = await auth.sessions.revokeAll(user.id, {
    except: session.id,
    reason: "credentials-changed",
  });
  await auth.reauthenticate({ amr: ["pwd"] });
  return { done: true, endedSessions };
}

/**
 * Makes the sign-in recent again; undefined if the password is wrong.
 * @throws ProblemError (429) after too many wrong ones.
 */
export async function reauthenticate(
  accounts: Accounts,
  auth: RequestAuth,
  user: Identity["user"],
  password: string,
): Promise<Session | undefined> {
  await countAttempt(auth, user.email);
  return (await accounts.confirm(user, password)) ? auth.reauthenticate({ amr: ["pwd"] }) : undefined;
}
