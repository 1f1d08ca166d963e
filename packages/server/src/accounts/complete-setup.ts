/** Creating the first administrator with the code of the set-up link. */
import type { RequestAuth } from "coatcheck";
import type { Credentials } from "./accounts.ts";
import { countAttempt } from "./attempt.ts";
import { emailFault } from "./email.ts";
import type { Fault } from "./fault.ts";
import { passwordFault } from "./password-rules.ts";
import { type SignInParts, startSession } from "./sign-in.ts";
import type { User } from "./user.ts";

export type SetupResult =
  | { readonly done: true; readonly user: User }
  | { readonly done: false; readonly problem: "already-set-up" | "invalid-code" }
  | {
      readonly done: false;
      readonly problem: "invalid-input";
      /** What is wrong with which of the fields; undefined: nothing. */
      readonly code: Fault | undefined;
      readonly email: Fault | undefined;
      readonly password: Fault | undefined;
    };

/**
 * Creates the administrator and signs them in.
 * @throws ProblemError (429) after too many wrong codes.
 */
export async function completeSetup(
  parts: SignInParts,
  auth: RequestAuth,
  { code, ...credentials }: Credentials & { readonly code: string },
): Promise<SetupResult> {
  const { accounts } = parts;
  if (!(await accounts.isEmpty())) return { done: false, problem: "already-set-up" };
  const email = emailFault(credentials.email);
  const password = passwordFault(credentials.password, credentials.email);
  const missing = code.trim() === "" ? "setup-code-missing" : undefined;
  if (missing || email || password)
    return { done: false, problem: "invalid-input", code: missing, email, password };
  await countAttempt(auth, credentials.email);
  const user = await accounts.createAdministratorByCode(credentials, code);
  if (!user) return { done: false, problem: "invalid-code" };
  await startSession(parts, auth, user);
  return { done: true, user };
}
