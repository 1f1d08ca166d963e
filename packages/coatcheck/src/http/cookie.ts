/** Reads and writes the one cookie that carries a ticket (RFC 10025). */

/** Two cookies of one name arrived. Their order says nothing about who set which (RFC 10025 §4.2.2). */
export const duplicateCookie: unique symbol = Symbol("duplicate cookie");

const horizontalTab = 0x09;
const space = 0x20;
const semicolon = 0x3b;
const equalsSign = 0x3d;

/**
 * The value of the one cookie of exactly this name in a `Cookie` header, as it stands there: nothing is decoded and
 * no quotes are removed. Two cookies of the name count as none and are told apart from it by `duplicateCookie`;
 * somebody on a sibling domain may have tossed one of them.
 *
 * Only space and tab surround a name: a parser that trims more finds `__Host-session` in names that browsers do not
 * protect by the prefix rules (CVE-2026-39410). Never throws; the work is linear in the length of the header.
 */
export function readCookie(
  header: string | undefined,
  name: string,
): string | typeof duplicateCookie | undefined {
  if (header === undefined || name === "") return undefined;
  let value: string | undefined;
  let at = header.indexOf(name);
  while (at !== -1) {
    let end = at + name.length;
    const equals = skipBlanks(header, end);
    if (header.charCodeAt(equals) === equalsSign && beginsPair(header, at)) {
      if (value !== undefined) return duplicateCookie;
      end = endOfPair(header, equals);
      value = trimmed(header, equals + 1, end);
    }
    at = header.indexOf(name, end);
  }
  return value;
}

function isBlank(code: number): boolean {
  return code === space || code === horizontalTab;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}

function skipBlanksBackwards(text: string, from: number, to: number): number {
  let at = from;
  while (at > to && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function beginsPair(header: string, at: number): boolean {
  const start = skipBlanksBackwards(header, at, 0);
  return start === 0 || header.charCodeAt(start - 1) === semicolon;
}

function endOfPair(header: string, from: number): number {
  const end = header.indexOf(";", from);
  return end === -1 ? header.length : end;
}

function trimmed(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from);
  return start >= to ? "" : text.slice(start, skipBlanksBackwards(text, to, start));
}

/** How a cookie is named and where browsers send it. It is always HttpOnly. */
export interface CookieOptions {
  /**
   * Default `__Host-session`. The prefixes `__Host-`, `__Secure-`, `__Http-` and `__Host-Http-` make browsers refuse
   * weaker cookies of the same name (RFC 10025 §4.1.3).
   */
  readonly name?: string;
  /**
   * Default `lax`: links from other sites arrive signed in, their forms do not. `strict` sends it on neither; `none`
   * on both, for applications that are embedded in other sites.
   */
  readonly sameSite?: "lax" | "strict" | "none";
  /** Default `/`. A path protects nothing: pages outside it can still act inside. */
  readonly path?: string;
  /** Default none: this host only. With a domain all its subdomains get the cookie and can overwrite it. */
  readonly domain?: string;
  /** Whether the cookie outlives the browser. Default false (NIST SP 800-63B-4 §5.1). */
  readonly persistent?: boolean;
}

/** Cookie options that were found sound, with the defaults filled in. */
export interface CookieSettings {
  readonly name: string;
  readonly sameSite: "Lax" | "Strict" | "None";
  readonly path: string;
  readonly domain: string | undefined;
  readonly persistent: boolean;
}

const sameSiteTexts: ReadonlyMap<string, CookieSettings["sameSite"]> = new Map([
  ["lax", "Lax"],
  ["strict", "Strict"],
  ["none", "None"],
]);

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const cookieOctets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const pathValue = /^\/[\x21-\x3a\x3c-\x7e]*$/;
const domainValue = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** Browsers compare prefixes without regard to case, lest servers that do so be fooled (RFC 10025 §5.7). */
const hostPrefix = /^__Host-/i;
const anyPrefix = /^(?:__(?:Host-Http|Host|Secure|Http)-)+/i;

/** Browsers drop a cookie when name and value together are longer (RFC 10025 §5.6). */
const largestPair = 4096;
/** Browsers ignore an attribute that is longer (RFC 10025 §5.6). */
const longestAttribute = 1024;
/** Browsers shorten every lifetime to 400 days (RFC 10025 §5.5). */
const longestMaxAge = 400 * 24 * 60 * 60;

/**
 * Checks cookie options once, at start.
 * @throws TypeError for whatever browsers would drop or misread: a broken prefix rule, a name that is no token,
 * an attribute with control characters or `;` (CVE-2024-47764).
 */
export function resolveCookie(options: CookieOptions = {}): CookieSettings {
  const { name = "__Host-session", path = "/", domain, persistent = false } = options;
  const sameSite = sameSiteTexts.get(options.sameSite ?? "lax");
  demand(token.test(name), `cookie name ${quoted(name)} is not a token (RFC 9110 §5.6.2)`);
  demand(plainName(name) !== "", `cookie name ${quoted(name)} is only a prefix`);
  demand(name.length <= largestPair / 2, "cookie name leaves no room for its value");
  demand(sameSite !== undefined, `sameSite ${quoted(options.sameSite)} is not "lax", "strict" or "none"`);
  demand(
    pathValue.test(path) && path.length <= longestAttribute,
    `cookie path ${quoted(path)} must begin with "/" and hold no spaces, control characters or ";"`,
  );
  demand(
    domain === undefined || (domainValue.test(domain) && domain.length <= longestAttribute),
    `cookie domain ${quoted(domain)} is not a host name (no leading dot is needed)`,
  );
  demand(
    !hostPrefix.test(name) || (domain === undefined && path === "/"),
    `browsers refuse ${quoted(name)} with a domain or a path other than "/": drop these or the __Host- prefix`,
  );
  return { name, sameSite, path, domain, persistent };
}

/** The name without its prefixes, for `insecureCookieForLocalhost`: browsers refuse prefixed names without Secure. */
export function plainName(name: string): string {
  return name.replace(anyPrefix, "");
}

/**
 * A cookie that goes where the session's goes, under a name of its own: `__Host-session` has `__Host-remember` beside
 * it, `__Host-shop` has `__Host-shop-remember`.
 */
export function companionCookie(
  session: CookieSettings,
  role: "remember" | "device" | "carry-over",
): CookieSettings {
  const plain = plainName(session.name);
  const prefix = session.name.slice(0, session.name.length - plain.length);
  return {
    ...session,
    name: `${prefix}${plain === "session" ? role : `${plain}-${role}`}`,
    persistent: true,
  };
}

/**
 * A `Set-Cookie` value. `maxAge` is in seconds, capped at 400 days; without it the cookie ends with the browser.
 * @throws TypeError for a cookie that browsers would drop; the message does not contain the value.
 */
export function serializeCookie(
  settings: CookieSettings,
  value: string,
  lifetime: { readonly maxAge?: number | undefined; readonly secure: boolean },
): string {
  const { maxAge, secure } = lifetime;
  demand(cookieOctets.test(value), `the value for cookie ${settings.name} holds forbidden characters`);
  demand(
    settings.name.length + value.length <= largestPair,
    `cookie ${settings.name} would be longer than ${largestPair} bytes`,
  );
  demand(!Number.isNaN(maxAge), "maxAge is not a number");
  return setCookie(settings, value, maxAge === undefined ? [] : [`Max-Age=${wholeSeconds(maxAge)}`], secure);
}

/** The `Set-Cookie` value that removes the cookie: browsers want the attributes it was set with. */
export function expireCookie(settings: CookieSettings, { secure }: { readonly secure: boolean }): string {
  return setCookie(settings, "", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"], secure);
}

function setCookie(settings: CookieSettings, value: string, end: readonly string[], secure: boolean): string {
  const { name, sameSite, path, domain } = settings;
  demand(secure || !anyPrefix.test(name), `browsers refuse ${quoted(name)} without Secure`);
  demand(secure || sameSite !== "None", "browsers refuse SameSite=None without Secure");
  const attributes = [`${name}=${value}`, "HttpOnly", ...end, `SameSite=${sameSite}`, `Path=${path}`];
  if (domain !== undefined) attributes.push(`Domain=${domain}`);
  if (secure) attributes.push("Secure");
  return attributes.join("; ");
}

function wholeSeconds(maxAge: number): number {
  return Math.max(0, Math.min(Math.floor(maxAge), longestMaxAge));
}

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new TypeError(otherwise);
}

function quoted(text: string | undefined): string {
  return JSON.stringify(text) ?? "undefined";
}
