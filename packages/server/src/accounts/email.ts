/** E-mail addresses as names of accounts. */
import { domainToASCII } from "node:url";
import type { Fault } from "./fault.ts";

export const longestEmail = 254;
// One @, and nothing in it that could change the meaning of a mail header or a log line.
const pattern = /^[^\s\p{C}@<>()[\],;:"\\]+@[^\s\p{C}@<>()[\],;:"\\]+$/u;

/** The address as it is kept and shown. */
export function tidyEmail(text: string): string {
  return text.normalize("NFC").trim();
}

/**
 * The address as it is looked up: whether the keyboard of a phone began it with a capital makes no other account, nor
 * that browsers write an international domain in its ASCII form. Two addresses may share a key, so mail always goes
 * to the address that is kept, never to the one that was typed.
 */
export function emailKey(text: string): string {
  const email = tidyEmail(text).toLowerCase().normalize("NFC");
  const at = email.lastIndexOf("@") + 1;
  return email.slice(0, at) + (domainToASCII(email.slice(at)) || email.slice(at));
}

/** What to look for in keys, where a part of an address was typed. */
export function partOfEmailKey(text: string): string {
  const part = tidyEmail(text).toLowerCase().normalize("NFC");
  return part.includes("@") ? emailKey(part) : part;
}

/** What is wrong with an address. */
export function emailFault(text: string): Fault | undefined {
  const email = tidyEmail(text);
  if (email.length > longestEmail) return "email-too-long";
  // In its ASCII form a domain may have what none may have: of "🄁" that is "0,".
  const isSound = email.isWellFormed() && pattern.test(email) && pattern.test(emailKey(email));
  return isSound ? undefined : "email-malformed";
}
