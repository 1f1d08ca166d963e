import type { AttemptAnswer, ThrottleRule, ThrottleStore } from "../../src/core/throttle-store.ts";
import { MemoryThrottleStore } from "../../src/stores/memory/throttle.ts";
import { delayAfter } from "../../src/throttle/rule.ts";
import { meanwhile } from "./broken.ts";

/** A way to break the contract of attempts, and promises that must be seen to be broken by it. */
export interface BrokenThrottle {
  readonly breaks: readonly string[];
  readonly Store: new () => ThrottleStore;
}

class Sound extends MemoryThrottleStore {
  constructor() {
    super(10_000);
  }
}

const atomic = "every method is one atomic step of its backend";
const likeTheRule = "every history has the outcome that the pure rule has";

export const brokenThrottles: Readonly<Record<string, BrokenThrottle>> = {
  "looks first and counts then": {
    breaks: [atomic, "of many who wait for the same moment one is allowed"],
    Store: class extends Sound {
      override async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        const known = await this.find(key);
        const opens = known ? known.lastAttemptAt + delayAfter(known.failures, rule) : now;
        await meanwhile();
        if (opens > now) return { allowed: false, retryAfter: opens - now };
        await super.attempt(key, { ...rule, firstDelay: 1, longestDelay: 1, free: 1_000, cap: 1_000 }, now);
        return { allowed: true };
      }
    },
  },
  "counts refused attempts too": {
    breaks: ["one that may not be made is not counted and prolongs nothing", likeTheRule],
    Store: class extends Sound {
      override async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        const answer = await super.attempt(key, rule, now);
        if (!answer.allowed) await super.attempt(key, { ...rule, free: 1_000, cap: 1_000 }, now);
        return answer;
      }
    },
  },
  "counts an attempt only when it has failed": {
    breaks: ["counts an attempt as failed before it is made, and says whether it may be", atomic],
    Store: class extends Sound {
      override async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        const answer = await super.attempt(key, rule, now);
        if (answer.allowed) await super.refund(key);
        return answer;
      }
    },
  },
  "knows no cap": {
    breaks: ["at the cap nothing is allowed until all is forgotten"],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key, { ...rule, cap: Number.POSITIVE_INFINITY }, now);
      }
    },
  },
  "doubles for ever": {
    breaks: ["the wait doubles with each failure, up to the longest", likeTheRule],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key, { ...rule, longestDelay: rule.forgetAfter }, now);
      }
    },
  },
  "never forgets": {
    breaks: [
      "failures are forgotten when no attempt was counted for so long, from that millisecond on",
      "a wait that is longer than the memory ends with it",
    ],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key, { ...rule, forgetAfter: 10 * rule.forgetAfter }, now);
      }
    },
  },
  "forgets a millisecond early": {
    breaks: [
      "failures are forgotten when no attempt was counted for so long, from that millisecond on",
      "the counter, or undefined",
    ],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key, { ...rule, forgetAfter: rule.forgetAfter - 1 }, now);
      }
    },
  },
  "has a clock of its own": {
    breaks: ["stores are given the time as `now` and never judge by a clock of their own"],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule): Promise<AttemptAnswer> {
        return super.attempt(key, rule, Date.now());
      }
    },
  },
  "takes a refund for a success": {
    breaks: ["takes one failure back, for an attempt that did not fail", likeTheRule],
    Store: class extends Sound {
      override async refund(key: string): Promise<void> {
        await super.reset(key);
      }
    },
  },
  "owes failures": {
    breaks: ["never below none"],
    Store: class extends Sound {
      #owed = 0;
      override async refund(key: string): Promise<void> {
        if ((await this.find(key))?.failures === 0) this.#owed++;
        await super.refund(key);
      }
      override async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        const answer = await super.attempt(key, rule, now);
        if (this.#owed > 0) await super.refund(key);
        return answer;
      }
    },
  },
  "resets by taking one back": {
    breaks: ["forgets everything under a key; false if there was nothing"],
    Store: class extends Sound {
      override async reset(key: string): Promise<boolean> {
        await super.refund(key);
        return (await this.find(key)) !== undefined;
      }
    },
  },
  "folds the case of keys": {
    breaks: ["keys know nothing of each other"],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key.toLowerCase(), rule, now);
      }
    },
  },
  "cuts keys": {
    breaks: ["a key is text of at most 64 characters, of `A-Z a-z 0-9 _ : -`"],
    Store: class extends Sound {
      override attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
        return super.attempt(key.slice(0, 63), rule, now);
      }
    },
  },
  "prunes what is young": {
    breaks: ["a counter is removed from the millisecond on from which it is to be forgotten"],
    Store: class extends Sound {
      override deleteExpired(now: number, batch: number, from?: string) {
        return super.deleteExpired(now + 1, batch, from);
      }
    },
  },
  "prunes all at once": {
    breaks: [
      "looks at no more than about `batch` counters from `from` on and removes those that are to be forgotten",
    ],
    Store: class extends Sound {
      override deleteExpired(now: number) {
        return super.deleteExpired(now, 1_000_000);
      }
    },
  },
};
