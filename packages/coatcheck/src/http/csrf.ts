/**
 * Keeps other sites from acting in a user's name. Two checks: where a request comes from, and, where that is not
 * enough, a token that only the session's own pages know. Neither looks at Content-Type (CVE-2024-48913).
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { SessionToken } from "../core/token.ts";

/** Which origins may send unsafe requests. Made by `trustedOrigins`. */
export interface TrustedOrigins {
  /** Where the application itself is reached, if that is known. */
  readonly publicOrigin: string | undefined;
  /** Other origins that may act on it. */
  readonly others: ReadonlySet<string>;
}

/** What the decision depends on, as it arrived. Behind a declared proxy, `host` is the host that the client asked for. */
export interface CrossOriginHeaders {
  readonly secFetchSite?: string | undefined;
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/** The header that gave a cross-origin request away. */
export type CrossOriginRejection = "sec-fetch-site" | "origin";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether requests of this method change nothing (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return safeMethods.has(method);
}

/**
 * Says whether an unsafe request came from another origin. Same rules as Go's net/http CrossOriginProtection, with
 * three deviations: no paths are exempt (CVE-2025-47910), a configured public origin is compared whole, and an Origin
 * is read strictly (Go issue 78563: `http://evil@victim.com`).
 *
 * A request with neither header is not a browser's and passes. Values of Sec-Fetch-Site that we do not know are
 * rejected. Without a configured public origin the scheme is not known, so on browsers without Fetch Metadata (before
 * 2023) a page on http passes for its https neighbour; HSTS closes that.
 */
export function crossOrigin(
  method: string,
  headers: CrossOriginHeaders,
  trusted: TrustedOrigins,
): CrossOriginRejection | undefined {
  const { secFetchSite, origin, host } = headers;
  if (isSafeMethod(method)) return undefined;
  if (secFetchSite === "same-origin" || secFetchSite === "none") return undefined;
  if (origin && trusted.others.has(origin)) return undefined;
  if (secFetchSite) return "sec-fetch-site";
  if (!origin || isOwn(origin, host, trusted.publicOrigin)) return undefined;
  return "origin";
}

const webOrigin = /^https?:\/\/((?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)$/;

function isOwn(origin: string, host: string | undefined, publicOrigin: string | undefined): boolean {
  if (publicOrigin !== undefined) return origin === publicOrigin;
  const authority = webOrigin.exec(origin)?.[1];
  return authority !== undefined && authority === host?.toLowerCase();
}

/**
 * Checks origins once, at start.
 * @throws TypeError for whatever no browser would ever send as Origin and which would therefore never match: a
 * trailing slash, a path, upper case, a default port, `null`.
 */
export function trustedOrigins(others: readonly string[] = [], publicOrigin?: string): TrustedOrigins {
  for (const origin of others) demandOrigin(origin);
  if (publicOrigin !== undefined) demandOrigin(publicOrigin);
  return { publicOrigin, others: new Set(others) };
}

/** Origins of applications in a web view: `capacitor://localhost`. URL gives them no origin. */
const appOrigin = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+$/;

function demandOrigin(text: string): void {
  const origin = URL.canParse(text) ? new URL(text).origin : "";
  if (webOrigin.test(text) ? text === origin : appOrigin.test(text)) return;
  const advice = webOrigin.test(origin) ? `write ${origin}` : "write scheme://host or scheme://host:port";
  throw new TypeError(`${JSON.stringify(text)} is not an origin as browsers send it: ${advice}`);
}

const keyLength = 32;
const tokenPattern = /^[A-Za-z0-9_-]{86}$/;

/**
 * A CSRF token of this session. Each call masks it anew, so that compression beside text of an attacker's choice
 * does not reveal it (BREACH); all of them stay good for the session's life, renewals included.
 */
export function csrfToken(token: SessionToken): string {
  const mask = randomBytes(keyLength);
  return Buffer.concat([mask, xor(mask, token.key("csrf"))]).toString("base64url");
}

/** Whether `presented` is a CSRF token of this session. Compares in constant time; never throws, whatever comes in. */
export function verifyCsrfToken(token: SessionToken, presented: string | undefined): boolean {
  if (typeof presented !== "string" || !tokenPattern.test(presented)) return false;
  const bytes = Buffer.from(presented, "base64url");
  const unmasked = xor(bytes.subarray(0, keyLength), bytes.subarray(keyLength));
  return timingSafeEqual(unmasked, token.key("csrf"));
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, at) => byte ^ right[at]!);
}
