/** Failed attempts in Redis. */
import type {
  AttemptAnswer,
  ThrottleCounter,
  ThrottlePruneStep,
  ThrottleRule,
  ThrottleStore,
} from "../../core/throttle-store.ts";
import { mostDoublings, opensAt } from "../../throttle/rule.ts";
import { type Run, type Script, script } from "./script.ts";

/**
 * A counter is a hash that Redis drops when it is to be forgotten: there is nothing to prune. Keys lie anywhere in a
 * cluster, since each operation names one.
 */
export class RedisThrottleStore implements ThrottleStore {
  readonly #run: Run;
  readonly #prefix: string;

  constructor(run: Run, prefix: string) {
    this.#run = run;
    this.#prefix = prefix;
  }

  async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
    const { free, firstDelay, longestDelay, cap, forgetAfter } = rule;
    const most = Math.min(cap, Number.MAX_SAFE_INTEGER);
    const counter = await this.#ask(attemptScript, key, [
      now,
      free,
      firstDelay,
      longestDelay,
      most,
      forgetAfter,
    ]);
    return counter ? { allowed: false, retryAfter: opensAt(counter, rule) - now } : { allowed: true };
  }

  async refund(key: string): Promise<void> {
    await this.#ask(refundScript, key, []);
  }

  async reset(key: string): Promise<boolean> {
    return (await this.#ask(resetScript, key, [])) !== undefined;
  }

  async find(key: string): Promise<ThrottleCounter | undefined> {
    return this.#ask(findScript, key, []);
  }

  async deleteExpired(): Promise<ThrottlePruneStep> {
    return { removed: 0, next: undefined };
  }

  /** All scripts answer with a counter, or with nil. */
  async #ask(
    script: Script,
    key: string,
    parameters: readonly number[],
  ): Promise<ThrottleCounter | undefined> {
    const answer = await this.#run(script, [`${this.#prefix}throttle:${key}`], parameters);
    if (!answer) return undefined;
    const [failures, lastAttemptAt, forgottenAt] = (answer as string[]).map(Number) as [
      number,
      number,
      number,
    ];
    return { failures, lastAttemptAt, forgottenAt };
  }
}

const counter = `
local key = KEYS[1]

local function number(text)
  local value = tonumber(text)
  if not value or value ~= value then error("a counter in Redis is damaged") end
  return value
end

local function text(value) return string.format("%.0f", value) end

local function read()
  local failures, last, forgotten = unpack(redis.call("HMGET", key, "failures", "last", "forgotten"))
  if not failures then return nil end
  return { number(failures), number(last), number(forgotten) }
end

local function answer(counter)
  return counter and { text(counter[1]), text(counter[2]), text(counter[3]) }
end
`;

/**
 * The rule is that of `judgeAttempt`.
 * - arguments: now, free, first delay, longest delay, cap, forget after
 * - answer: nil where the attempt may be made, else the counter
 */
const attemptScript = script(`${counter}
local now, free, first, longest, cap, forget = unpack(ARGV)
now, free, first, longest, cap, forget =
  number(now), number(free), number(first), number(longest), number(cap), number(forget)

local function is_early(failures, last)
  if failures < free then return false end
  return now < last + math.min(longest, first * 2 ^ math.min(failures - free, ${mostDoublings}))
end

local failures, last, forgotten = 0, now, now + forget
local known = read()
if known and now < known[3] then
  if known[1] >= cap or is_early(known[1], known[2]) then return answer(known) end
  failures, last, forgotten = known[1], math.max(known[2], now), math.max(known[3], now + forget)
end
redis.call("HSET", key, "failures", text(failures + 1), "last", text(last), "forgotten", text(forgotten))
redis.call("PEXPIRE", key, text(forgotten - now))
return nil
`);

/** Writes no key that is not there: it would have no time to live. */
const refundScript = script(`${counter}
local known = read()
if known and known[1] > 0 then redis.call("HSET", key, "failures", text(known[1] - 1)) end
return nil
`);

const resetScript = script(`${counter}
local known = read()
redis.call("DEL", key)
return answer(known)
`);

const findScript = script(`${counter}
return answer(read())
`);
