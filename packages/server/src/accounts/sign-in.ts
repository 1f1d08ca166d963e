/** Signing in and out. */
import { type RequestAuth, SignInRefusedError } from "coatcheck";
import type { Accounts, Credentials } from "./accounts.ts";
import { countAttempt } from "./attempt.ts";
import type { User } from "./user.ts";

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
  accounts: Accounts,
  auth: RequestAuth,
  { remember = false, ...credentials }: SignInForm,
): Promise<User | undefined> {
  await countAttempt(auth, credentials.email);
  const user = await accounts.authenticate(credentials);
  if (!user) return undefined;
  try {
    await startSession(accounts, auth, user, remember);
    return user;
  } catch (error) {
    if (error instanceof SignInRefusedError && error.code === "sign-in-outdated") return undefined;
    throw error;
  }
}

/** A session for a user who has just typed their password. */
export async function startSession(
  accounts: Accounts,
  auth: RequestAuth,
  user: User,
  remember = false,
): Promise<void> {
  await auth.login(user.id, { amr: ["pwd"], remember, stillValid: () => accounts.stillValid(user) });
}

export async function signOut(auth: RequestAuth): Promise<void> {
  await auth.logout();
}
