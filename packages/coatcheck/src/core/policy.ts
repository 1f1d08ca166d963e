/** How long sessions live. All durations are in milliseconds. */
import {
  type FingerprintComparison,
  type FingerprintPolicy,
  type FingerprintRule,
  resolveFingerprint,
} from "./fingerprint-policy.ts";
import type { SessionRecord } from "./store.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What may be said about a policy; everything has a safe default. */
export interface PolicyOptions {
  /**
   * A label of NIST SP 800-63B-4 (§2.1.3, §2.2.3, §2.3.3): sets both timeouts, and refuses options that are looser
   * than the label. `aal1`: idle 14 days, absolute 30 days. `aal2`: 1 hour, 24 hours. `aal3`: 15 minutes, 12 hours.
   */
  readonly level?: AssuranceLevel;
  /** A session dies when it was not used for this long. Default 30 minutes (ASVS 7.3.1). */
  readonly idleTimeout?: number;
  /** A session dies this long after sign-in, used or not. Default 12 hours (ASVS 7.3.2). */
  readonly absoluteTimeout?: number;
  /** A secret older than this is replaced at the next request that can carry a cookie. Default 1 hour. */
  readonly renewAfter?: number;
  /** A replaced secret still opens ordinary doors for this long. Default 30 seconds. */
  readonly grace?: number;
  /** Use is noted at most this often. Default, and at most: 1 minute or a tenth of the idle timeout. */
  readonly touchInterval?: number;
  /**
   * A remembered browser has to sign in again this long after it was remembered, used or not. Default 30 days, a clock
   * of its own. At most 30 days under `aal1`; `aal2` and `aal3` remember no browser: coming back proves too little.
   * A shorter time holds at once for browsers that were remembered before.
   */
  readonly rememberFor?: number;
  /**
   * What ends when an old token of a remembered browser comes back: the browser and its session (`family`, default),
   * or all sessions of the user (`user`).
   */
  readonly onRememberTheft?: "family" | "user";
  /**
   * How many live sessions a user may have, or a function that says so of a user: by roles, for instance. It is asked
   * at each sign-in. Default: no limit.
   */
  readonly maxSessions?: number | ((userId: string) => number | Promise<number>);
  /** What a sign-in beyond `maxSessions` does: end the oldest sessions (default), or fail. */
  readonly onLimit?: "evict-oldest" | "refuse";
  /**
   * What is done about a token that comes from a client unlike the one that proved who they are. Default: the tolerant
   * signals, reported.
   */
  readonly fingerprint?: "off" | Partial<FingerprintComparison> | FingerprintRule;
}

export type AssuranceLevel = "aal1" | "aal2" | "aal3";

/** A policy with every default filled in. */
export type SessionPolicy = Required<Omit<PolicyOptions, "level" | "fingerprint">> & {
  readonly fingerprint: FingerprintPolicy;
};

const defaults = { idleTimeout: 30 * minute, absoluteTimeout: 12 * hour, rememberFor: 30 * day };

const levels: Record<AssuranceLevel, typeof defaults> = {
  aal1: { idleTimeout: 14 * day, absoluteTimeout: 30 * day, rememberFor: 30 * day },
  aal2: { idleTimeout: 1 * hour, absoluteTimeout: 24 * hour, rememberFor: 0 },
  aal3: { idleTimeout: 15 * minute, absoluteTimeout: 12 * hour, rememberFor: 0 },
};

/**
 * Fills in the defaults.
 * @throws TypeError if a value makes no sense or is looser than the label.
 */
export function definePolicy(options: PolicyOptions = {}): SessionPolicy {
  const { level } = options;
  if (level !== undefined && !Object.hasOwn(levels, level)) {
    throw new TypeError(
      `policy.level is ${JSON.stringify(level)}; it must be one of ${Object.keys(levels).join(", ")}`,
    );
  }
  const ceiling = level && levels[level];
  const idleTimeout = duration(options, "idleTimeout", (ceiling ?? defaults).idleTimeout);
  const absoluteTimeout = duration(options, "absoluteTimeout", (ceiling ?? defaults).absoluteTimeout);
  const touchCeiling = Math.min(minute, Math.floor(idleTimeout / 10));
  const policy: SessionPolicy = {
    idleTimeout,
    absoluteTimeout,
    renewAfter: duration(options, "renewAfter", hour),
    grace: duration(options, "grace", 30_000),
    touchInterval: duration(options, "touchInterval", touchCeiling, 0),
    rememberFor: duration(options, "rememberFor", (ceiling ?? defaults).rememberFor, 0),
    onRememberTheft: options.onRememberTheft ?? "family",
    maxSessions: options.maxSessions ?? Number.POSITIVE_INFINITY,
    onLimit: options.onLimit ?? "evict-oldest",
    fingerprint: resolveFingerprint(options.fingerprint),
  };

  for (const name of ["idleTimeout", "absoluteTimeout", "rememberFor"] as const) {
    if (ceiling && policy[name] > ceiling[name]) {
      throw new TypeError(`policy.${name} is looser than ${level} allows: at most ${ceiling[name]} ms`);
    }
  }
  if (policy.touchInterval > touchCeiling) {
    throw new TypeError(
      `policy.touchInterval must be at most ${touchCeiling} ms (a minute, or a tenth of idleTimeout): a larger one would sign active users out`,
    );
  }
  if (typeof policy.maxSessions !== "function") assertMaximum(policy.maxSessions);
  if (policy.onLimit !== "evict-oldest" && policy.onLimit !== "refuse") {
    throw new TypeError('policy.onLimit must be "evict-oldest" or "refuse"');
  }
  if (policy.onRememberTheft !== "family" && policy.onRememberTheft !== "user") {
    throw new TypeError('policy.onRememberTheft must be "family" or "user"');
  }
  return policy;
}

/**
 * How many live sessions this user may have now.
 * @throws TypeError if a function gives no such number: a sign-in without a known limit is none.
 */
export async function maximumFor({ maxSessions }: SessionPolicy, userId: string): Promise<number> {
  if (typeof maxSessions !== "function") return maxSessions;
  const maximum = await maxSessions(userId);
  assertMaximum(maximum);
  return maximum;
}

function assertMaximum(maximum: number): void {
  if (maximum === Number.POSITIVE_INFINITY || (Number.isInteger(maximum) && maximum >= 1)) return;
  throw new TypeError("policy.maxSessions must be, or give, a whole number from 1 on, or Infinity");
}

/** When a session that was last seen then dies: the earlier of both deadlines. */
export function deadline(policy: SessionPolicy, createdAt: number, lastSeenAt: number): number {
  return Math.min(lastSeenAt + policy.idleTimeout, createdAt + policy.absoluteTimeout);
}

/**
 * Which clock has run out for this session, if one has. A deadline that was stored under an earlier, tighter policy
 * still holds.
 */
export function expiry(
  policy: SessionPolicy,
  record: Pick<SessionRecord, "createdAt" | "lastSeenAt" | "expiresAt">,
  now: number,
): "idle-timeout" | "absolute-timeout" | undefined {
  if (now >= record.createdAt + policy.absoluteTimeout) return "absolute-timeout";
  if (now >= record.lastSeenAt + policy.idleTimeout || now >= record.expiresAt) return "idle-timeout";
  return undefined;
}

type DurationName =
  | "idleTimeout"
  | "absoluteTimeout"
  | "renewAfter"
  | "grace"
  | "touchInterval"
  | "rememberFor";

function duration(options: PolicyOptions, name: DurationName, fallback: number, least = 1): number {
  const value = options[name] ?? fallback;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new TypeError(`policy.${name} must be a whole number of milliseconds, at least ${least}`);
  }
  return value;
}
