/** Guessing passwords: counted under the address as accounts are looked up by it, and opened again. */
import { openAccount, type RequestAuth, type SessionManager } from "coatcheck";
import { ProblemError, tooManyAttempts } from "../problems.ts";
import { emailKey } from "./email.ts";

/**
 * To be awaited before a password is checked, whoever it is for.
 * @throws ProblemError (429) after too many wrong ones.
 */
export async function countAttempt(auth: RequestAuth, email: string): Promise<void> {
  const problem = await auth.attempt(emailKey(email));
  if (problem) throw new ProblemError(tooManyAttempts(problem.retryAfter!));
}

/** Forgets all wrong passwords: for an administrator, and after a password reset. False if there were none. */
export function unlock(sessions: SessionManager, email: string): Promise<boolean> {
  return openAccount(sessions, emailKey(email));
}
