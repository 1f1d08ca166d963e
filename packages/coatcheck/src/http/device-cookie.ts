/**
 * The cookie by which a browser is known to the accounts that have signed in there. It opens nothing: it only says
 * whose failures these are (OWASP, "Slow down online guessing attacks with device cookies").
 */
import { randomBytes } from "node:crypto";
import { type CookieSettings, readCookie } from "./cookie.ts";
import type { KeyRing } from "./key-ring.ts";

/** Browsers shorten every lifetime to 400 days (RFC 10025 §5.5). In milliseconds. */
export const deviceLifetime: number = 400 * 24 * 60 * 60_000;

/** So many accounts know a browser, those that signed in last. */
const mostAccounts = 5;
/** Of the digest of an account: 132 bits tell any two apart. */
const accountLength = 22;
const nameBytes = 12;

/** What one account knows a browser by: the beginning of its digest, and a name that each sign-in makes anew. */
type Entry = string;

export class DeviceCookie {
  readonly settings: CookieSettings;
  readonly #keys: KeyRing;

  constructor(settings: CookieSettings, keys: KeyRing) {
    this.settings = settings;
    this.#keys = keys;
  }

  /** What this account knows the browser by; undefined if it does not. */
  deviceOf(account: string, header: string | undefined, now: number): string | undefined {
    return this.#entries(header, now).find((entry) => isOf(entry, account));
  }

  /** The value of the cookie after this account has signed in. */
  valueAfter(account: string, header: string | undefined, now: number): string {
    const others = this.#entries(header, now).filter((entry) => !isOf(entry, account));
    const name = randomBytes(nameBytes).toString("base64url");
    const entries = [account.slice(0, accountLength) + name, ...others].slice(0, mostAccounts);
    return this.#keys.seal("device", this.settings.name, entries.join("."), now + deviceLifetime);
  }

  #entries(header: string | undefined, now: number): readonly Entry[] {
    const value = readCookie(header, this.settings.name);
    if (typeof value !== "string") return [];
    return this.#keys.open("device", this.settings.name, value, now)?.split(".") ?? [];
  }
}

/** No comparison of secrets: who could read the entries holds the key. */
function isOf(entry: Entry, account: string): boolean {
  return entry.startsWith(account.slice(0, accountLength));
}
