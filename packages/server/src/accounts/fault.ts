/** What can be wrong with something that a person typed. What it is called is up to who tells them. */
export type Fault =
  | "email-missing"
  | "email-too-long"
  | "email-malformed"
  | "email-taken"
  | "password-missing"
  | "password-too-short"
  | "password-too-long"
  | "password-common"
  | "password-about-email"
  | "password-unstorable"
  /** One for an unknown address, a wrong password and a disabled account. */
  | "wrong-credentials"
  | "wrong-password"
  | "not-your-password"
  | "password-changed-meanwhile"
  | "setup-code-missing"
  | "setup-code-bad"
  | "reset-code-bad";
