/** Signing in and out. */
import { type RequestAuth, SignInRefusedError } from "coatcheck";
import type { Notifications } from "../mail/notifications.ts";
import type { Accounts, Credentials } from "./accounts.ts";
import { countAttempt } from "./attempt.ts";
import { emailKey } from "./email.ts";
import type { User } from "./user.ts";

export interface SignInParts {
  readonly accounts: Accounts;
  readonly notifications: Notifications;
}

/** What is typed at sign-in, and whether the browser is to be remembered. */
export interface SignInForm extends Credentials {
  readonly remember?: boolean | undefined;
}

/**
 * Gives the browser a session if the credentials are right; undefined if not, without a hint at what was wrong.
 * A password change that runs meanwhile leaves no session: the password that was typed is wrong by then.
 * @throws ProblemError (429) after too many wrong passwords, before this one is looked at.
 */
export async function signIn(
  parts: SignInParts,
  auth: RequestAuth,
  { remember = false, ...credentials }: SignInForm,
): Promise<User | undefined> {
  await countAttempt(auth, credentials.email);
  const user = await parts.accounts.authenticate(credentials);
  if (!user) return undefined;
  try {
    await startSession(parts, auth, user, remember);
    return user;
  } catch (error) {
    if (error instanceof SignInRefusedError && error.code === "sign-in-outdated") return undefined;
    throw error;
  }
}

/** A session for a user who has just typed their password. They are told of it if the device is new. */
export async function startSession(
  { accounts, notifications }: SignInParts,
  auth: RequestAuth,
  user: User,
  remember = false,
): Promise<void> {
  const stillValid = () => accounts.stillValid(user);
  const session = await auth.login(user.id, { amr: ["pwd"], remember, stillValid });
  await notifications.signedIn(session, auth.isKnownDevice(emailKey(user.email)));
}

export async function signOut(auth: RequestAuth): Promise<void> {
  await auth.logout();
}
