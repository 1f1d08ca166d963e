/** Asking for a mail by which to choose a new password. */
import type { ClientInfo, SessionManager } from "coatcheck";
import type { Notifications } from "../mail/notifications.ts";
import { emailFault } from "./email.ts";
import type { Fault } from "./fault.ts";
import { countResetRequest } from "./reset-requests.ts";

/** Never says whether there is such an account. */
export type ForgottenPassword =
  | { readonly done: true }
  | { readonly done: false; readonly problem: "no-mail" }
  | { readonly done: false; readonly problem: "unacceptable"; readonly fault: Fault }
  | { readonly done: false; readonly problem: "too-often"; readonly retryAfterSeconds: number };

/**
 * Puts the request into the outbox and looks nobody up: known, unknown and disabled addresses take the same work and
 * get the same answer. Who has the address is found out in the background, when the mail is sent.
 */
export async function forgotPassword(
  { notifications, sessions }: { readonly notifications: Notifications; readonly sessions: SessionManager },
  client: ClientInfo,
  email: string,
): Promise<ForgottenPassword> {
  if (!notifications.areOn) return { done: false, problem: "no-mail" };
  const fault = emailFault(email);
  if (fault) return { done: false, problem: "unacceptable", fault };
  const retryAfterSeconds = await countResetRequest(sessions, email, client);
  if (retryAfterSeconds !== undefined) return { done: false, problem: "too-often", retryAfterSeconds };
  await notifications.passwordForgotten(email, client);
  return { done: true };
}
