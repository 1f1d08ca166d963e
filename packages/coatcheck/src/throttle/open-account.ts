/** Opening an account that too many failures have closed. */
import type { ThrottleStore } from "../core/throttle-store.ts";
import { accountDigest, accountKey } from "./sign-in-attempt.ts";

/**
 * Forgets all failures under an account, for an administrator or after a password reset:
 * `openAccount(sessions, email)`. False if there were none.
 * @param account as it is given to `auth.attempt`.
 * @throws TypeError if the store counts no attempts.
 */
export async function openAccount(
  { attempts }: { readonly attempts: ThrottleStore | undefined },
  account: string,
): Promise<boolean> {
  return counting(attempts).reset(accountKey(accountDigest(account)));
}

/** @throws TypeError if the store counts no attempts: nothing would be throttled, in silence. */
export function counting(attempts: ThrottleStore | undefined): ThrottleStore {
  if (attempts) return attempts;
  throw new TypeError(
    "The session store counts no attempts: give it `throttle`, a ThrottleStore, as the stores of coatcheck have one",
  );
}
