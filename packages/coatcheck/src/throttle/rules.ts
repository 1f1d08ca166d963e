/** How much may fail, for whom. All durations are in milliseconds. */
import type { ThrottleRule } from "../core/throttle-store.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** What may be said about throttling; everything has a safe default. */
export interface ThrottleOptions {
  /**
   * Failures under one submitted account, whether or not it exists. Default: 5 for nothing, then a wait of 1 second that
   * doubles up to 15 minutes; at 100 consecutive failures only a password reset or an administrator opens it
   * (NIST SP 800-63B-4 §3.2.2), or 30 days without an attempt. No more than 100 are accepted.
   */
  readonly account?: Partial<ThrottleRule>;
  /**
   * Failures from one address, an IPv6 address by its /64, under whatever account. Default: 50 for nothing, then a wait
   * of 1 second that doubles up to 1 minute, since many may share an address; counted anew each hour (`forgetAfter`).
   */
  readonly client?: Partial<ThrottleRule>;
  /**
   * Failures of a browser under an account that has signed in there before. Default: as for accounts, but 10 of them;
   * from then on it counts as any other browser. Needs `keys`.
   */
  readonly device?: Partial<ThrottleRule>;
  /**
   * So many tokens that were never ours are looked up for one address in a minute. Default 100. Further requests with a
   * token get 429, but for sessions that this node has seen from there since the first of them.
   */
  readonly garbagePerMinute?: number;
}

/** Rules that were found sound. */
export interface ThrottleRules {
  readonly account: ThrottleRule;
  readonly client: ThrottleRule;
  readonly device: ThrottleRule;
  readonly garbagePerMinute: number;
}

/** NIST SP 800-63B-4 §3.2.2. */
const mostConsecutiveFailures = 100;
/** The longest duration that every store can double as often as it may have to. */
const longest = 2 ** 31;

const account: ThrottleRule = {
  free: 5,
  firstDelay: second,
  longestDelay: 15 * minute,
  cap: mostConsecutiveFailures,
  forgetAfter: 30 * day,
};

const client: ThrottleRule = {
  free: 50,
  firstDelay: second,
  longestDelay: minute,
  cap: Number.POSITIVE_INFINITY,
  forgetAfter: hour,
};

/**
 * Fills in the defaults.
 * @throws TypeError if a value makes no sense, or lets more failures pass than NIST allows.
 */
export function resolveThrottle(options: ThrottleOptions = {}): ThrottleRules {
  const { garbagePerMinute = 100 } = options;
  if (!Number.isSafeInteger(garbagePerMinute) || garbagePerMinute < 1) {
    throw new TypeError("throttle.garbagePerMinute must be a whole number from 1 on");
  }
  const rules = {
    account: sound("account", { ...account, ...options.account }),
    client: sound("client", { ...client, ...options.client }),
    device: sound("device", { ...account, cap: 10, ...options.device }),
    garbagePerMinute,
  };
  for (const name of ["account", "device"] as const) {
    if (rules[name].cap > mostConsecutiveFailures) {
      throw new TypeError(
        `throttle.${name}.cap must be at most ${mostConsecutiveFailures} consecutive failures (NIST SP 800-63B-4 §3.2.2)`,
      );
    }
  }
  return rules;
}

function sound(name: string, rule: ThrottleRule): ThrottleRule {
  const demand = (field: keyof ThrottleRule, isSound: boolean, what: string) => {
    if (!isSound) throw new TypeError(`throttle.${name}.${field} must be ${what}`);
  };
  const whole = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  demand("free", whole(rule.free, longest), "a whole number from 1 on");
  demand(
    "cap",
    rule.cap === Number.POSITIVE_INFINITY || whole(rule.cap, longest),
    "a whole number from 1 on",
  );
  for (const field of ["firstDelay", "longestDelay"] as const) {
    demand(field, whole(rule[field], longest), `a whole number of milliseconds from 1 to ${longest}`);
  }
  demand(
    "forgetAfter",
    whole(rule.forgetAfter, 400 * day),
    "a whole number of milliseconds from 1 to 400 days",
  );
  return rule;
}
