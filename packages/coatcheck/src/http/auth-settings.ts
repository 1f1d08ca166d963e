/** What an application says once about its cookies and its place in the network, checked at start. */
import type { Warn } from "../core/events.ts";
import { GarbageCount } from "../throttle/garbage.ts";
import { resolveThrottle, type ThrottleOptions, type ThrottleRules } from "../throttle/rules.ts";
import { assertCarryOver } from "./carry-over.ts";
import {
  isLoopback,
  isLoopbackHost,
  type RequestSource,
  resolveTrustedProxies,
  type TrustedProxies,
} from "./client.ts";
import { type CookieOptions, type CookieSettings, plainName, resolveCookie } from "./cookie.ts";
import { type TrustedOrigins, trustedOrigins } from "./csrf.ts";
import { KeyRing } from "./key-ring.ts";

/** Everything has a safe default. */
export interface AuthOptions {
  readonly cookie?: CookieOptions;
  /**
   * Where browsers reach the application, as `https://example.com`. With it, Origin is compared whole; without it,
   * with the Host of the request.
   */
  readonly origin?: string;
  /** Other origins that may send unsafe requests. */
  readonly trustedOrigins?: readonly string[];
  /**
   * `origin` (default): unsafe methods must come from the own origin. `token`: those of a session must also carry
   * its CSRF token, in `X-CSRF-Token` or the form field `csrf_token`.
   */
  readonly csrf?: "origin" | "token";
  /** Proxies in front whose `X-Forwarded-*` count: addresses, ranges, `loopback`, `private`. Default none. */
  readonly trustedProxies?: readonly string[];
  /**
   * For clients that refuse `Secure` cookies on `http://localhost`: requests that come straight from this machine to
   * a loopback host get a cookie without prefix and `Secure`. All others get the secure one.
   */
  readonly insecureCookieForLocalhost?: boolean;
  /**
   * Keys made by `generateKey()`, for what needs one. The first is used, the others still open what they sealed: put a
   * new one in front, and take the last one away when nothing of it is left. A `KeyRing` can change while it is used.
   */
  readonly keys?: readonly string[] | KeyRing;
  /**
   * Whether cookies that carry a ticket are sealed with `keys` (AES-256-GCM): what was not sealed here is refused
   * before the store is asked. Turning it on or off signs everybody out once: there is no reading of either kind.
   * Default false.
   */
  readonly seal?: boolean;
  /**
   * Keys of the session data that a visitor may gather before signing in, by `auth.carry`: they become data of the
   * session at `login`. Until then they are kept in a sealed cookie, so it needs `keys`. Default none.
   */
  readonly carryOver?: readonly string[];
  readonly remember?: RememberOptions;
  /** How many attempts may fail: see `auth.attempt`. */
  readonly throttle?: ThrottleOptions;
}

/** What an application says about remembered browsers: `login(userId, { remember: true })`. */
export interface RememberOptions {
  /**
   * Whether this user may still come back without signing in: asked at each return, after the session was written, so
   * that disabling a user and a return that overlap leave nobody signed in. A no forgets the browser. Default yes.
   */
  readonly stillValid?: (userId: string) => boolean | Promise<boolean>;
}

/** Options that were found sound. */
export interface AuthSettings {
  readonly cookie: CookieSettings;
  readonly localCookie: CookieSettings | undefined;
  readonly origins: TrustedOrigins;
  readonly csrf: "origin" | "token";
  readonly proxies: TrustedProxies;
  readonly warnings: Warnings;
  readonly keys: KeyRing | undefined;
  /** The keys again if tickets are sealed with them. */
  readonly ticketKeys: KeyRing | undefined;
  readonly remember: RememberOptions;
  readonly throttle: ThrottleRules;
  readonly garbage: GarbageCount;
  readonly carryOver: readonly string[];
}

/**
 * Checks the options once, at start.
 * @throws TypeError for options that browsers would punish silently, saying what to do.
 */
export function resolveAuth(options: AuthOptions = {}): AuthSettings {
  const { csrf = "origin", insecureCookieForLocalhost = false, carryOver = [] } = options;
  if (csrf !== "origin" && csrf !== "token") throw new TypeError('csrf must be "origin" or "token"');
  const cookie = resolveCookie(options.cookie);
  assertSecure(options.origin);
  const throttle = resolveThrottle(options.throttle);
  const keys = ringOf(options.keys);
  if (options.seal) demandKeys(keys, "seal");
  if (options.carryOver) demandKeys(keys, "carryOver");
  assertCarryOver(carryOver);
  return {
    cookie,
    localCookie: insecureCookieForLocalhost ? withoutSecure(cookie) : undefined,
    origins: trustedOrigins(options.trustedOrigins, options.origin),
    csrf,
    proxies: resolveTrustedProxies(options.trustedProxies ?? []),
    warnings: new Warnings(),
    keys,
    ticketKeys: options.seal ? keys : undefined,
    remember: options.remember ?? {},
    throttle,
    garbage: new GarbageCount(throttle.garbagePerMinute),
    carryOver,
  };
}

function ringOf(keys: AuthOptions["keys"]): KeyRing | undefined {
  return keys === undefined || keys instanceof KeyRing ? keys : new KeyRing(keys);
}

/** @throws TypeError if an option needs keys and there are none: it would be off in silence. */
export function demandKeys(keys: KeyRing | undefined, option: string): asserts keys {
  if (keys) return;
  throw new TypeError(
    `${option} needs keys: make one with generateKey(), keep it where secrets are kept, and set keys: [it]`,
  );
}

/** The cookie that a loopback host gets: browsers refuse prefixes, other domains and SameSite=None on it. */
function withoutSecure(cookie: CookieSettings): CookieSettings {
  if (cookie.sameSite === "None") {
    throw new TypeError(
      'insecureCookieForLocalhost and sameSite "none" exclude each other: browsers refuse SameSite=None without Secure',
    );
  }
  return { ...cookie, name: plainName(cookie.name), domain: undefined };
}

function assertSecure(origin: string | undefined): void {
  if (!origin?.startsWith("http:") || !URL.canParse(origin) || isLoopbackHost(new URL(origin).host)) return;
  throw new TypeError(
    `Sessions do not work on ${origin}: browsers drop Secure cookies on plain http. Serve it over https (a proxy in front can do that) and set origin to the https address`,
  );
}

/**
 * Whether a request came straight from this machine to a loopback host. What a proxy passed on did not, even where
 * the proxy runs on this machine and rewrites Host.
 */
export function isDirectLoopback(request: RequestSource): boolean {
  return (
    isLoopback(request.remoteAddress ?? "") &&
    isLoopbackHost(request.header("host") ?? "") &&
    !forwardingHeaders.some((name) => request.header(name) !== undefined)
  );
}

const forwardingHeaders = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

/** What is reported when a cookie will not arrive. */
type Trouble = "hidden-https" | "plain-http" | "late-cookie";

/** Says each thing once, however many hosts and addresses it happens with: these come from outside. */
export class Warnings {
  readonly #said = new Set<Trouble>();

  once(trouble: Trouble, message: string, warn: Warn): void {
    if (this.#said.has(trouble)) return;
    this.#said.add(trouble);
    warn(message);
  }
}
