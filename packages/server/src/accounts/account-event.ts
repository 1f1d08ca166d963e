/** What happens to accounts, for the audit and the log. */

export const accountEvents = [
  "sign-in-failed",
  /** The password that was asked for again was wrong. */
  "confirmation-failed",
  /** Somebody who is no administrator asked for what only administrators may do (ASVS 16.3.2). */
  "access-denied",
  "password-changed",
  "user-created",
  "user-disabled",
  "user-enabled",
  "roles-changed",
  /** An administrator made a link by which the user chooses a password. */
  "setup-link-made",
  "setup-link-used",
] as const;

export interface AccountEvent {
  readonly event: (typeof accountEvents)[number];
  /**
   * Undefined where the account is not known. What was submitted in its place is not kept, nor a hash of it: it may be
   * a password that was typed into the wrong field, and a hash of that can be guessed.
   */
  readonly userId?: string | undefined;
  readonly reason?: "unknown-account" | "wrong-password" | "disabled-account" | "reset";
  readonly details?: { readonly roles: readonly string[] };
  /** Whoever knows the page can cause it, as often as they like. */
  readonly unproven?: boolean;
}

export type TellAccountEvent = (event: AccountEvent) => void;
