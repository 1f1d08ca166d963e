/**
 * Which passwords are accepted, after NIST SP 800-63B-4 §3.1.1.2 and ASVS 6.2: long, not guessable at once, and
 * nothing else. No demands on kinds of characters, no truncation.
 */
import { isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "./email.ts";

/** NIST's minimum where the password is the only factor. */
export const shortestPassword = 15;
/** Far above the 64 that must be allowed; only so that nobody makes the server hash a novel. */
export const longestPassword = 1024;

/** One password has one spelling, however the keyboard composed its letters. */
export function normalizePassword(password: string): string {
  return password.normalize("NFC");
}

/** What is wrong with a new password, and what to do about it. */
export function passwordProblem(password: string, email: string): string | undefined {
  const normal = normalizePassword(password);
  const length = [...normal].length;
  if (!normal.isWellFormed()) return "The password has characters that cannot be stored.";
  if (length < shortestPassword) return `Use at least ${shortestPassword} characters.`;
  if (length > longestPassword) return `Use at most ${longestPassword} characters.`;
  if (isCommonPassword(normal)) return "This password is among the first that attackers try. Choose another.";
  if (isAboutEmail(normal, email)) return "Do not use your e-mail address as the password.";
  return undefined;
}

/** The address itself, its parts, and any of them repeated or decorated with digits. */
function isAboutEmail(password: string, email: string): boolean {
  const address = emailKey(email);
  const [name = "", domain = ""] = address.split("@");
  const rest = [address, name, domain, domain.split(".")[0]!]
    .filter((part) => part.length >= 3)
    .reduce((text, part) => text.replaceAll(part, ""), password.toLowerCase());
  return !/\p{L}/u.test(rest) && /\p{L}/u.test(password);
}
