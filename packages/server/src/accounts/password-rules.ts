/**
 * Which passwords are accepted, after NIST SP 800-63B-4 §3.1.1.2 and ASVS 6.2: long, not guessable at once, and
 * nothing else. No demands on kinds of characters, no truncation.
 */
import { isCommonPassword } from "./common-passwords.ts";
import { emailKey } from "./email.ts";
import type { Fault } from "./fault.ts";

/** NIST's minimum where the password is the only factor. */
export const shortestPassword = 15;
/** Far above the 64 that must be allowed; only so that nobody makes the server hash a novel. */
export const longestPassword = 1024;

/** One password has one spelling, however the keyboard composed its letters. */
export function normalizePassword(password: string): string {
  return password.normalize("NFC");
}

/** What is wrong with a new password. */
export function passwordFault(password: string, email: string): Fault | undefined {
  const normal = normalizePassword(password);
  const length = [...normal].length;
  if (!normal.isWellFormed()) return "password-unstorable";
  if (length < shortestPassword) return "password-too-short";
  if (length > longestPassword) return "password-too-long";
  if (isCommonPassword(normal)) return "password-common";
  if (isAboutEmail(normal, email)) return "password-about-email";
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
