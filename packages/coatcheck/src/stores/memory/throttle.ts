/** Failed attempts in the memory of this process. */
import type {
  AttemptAnswer,
  ThrottleCounter,
  ThrottlePruneStep,
  ThrottleRule,
  ThrottleStore,
} from "../../core/throttle-store.ts";
import { judgeAttempt, refunded } from "../../throttle/rule.ts";
import { Rack } from "./rack.ts";

interface Counter extends ThrottleCounter {
  /** The key. */
  readonly id: string;
}

/**
 * Full, it forgets the counter that was used least recently: who wants one forgotten must make attempts under as many
 * other keys first, and is counted by address meanwhile.
 */
export class MemoryThrottleStore implements ThrottleStore {
  /** In the order of their last attempts. */
  readonly #counters = new Rack<Counter>();
  readonly #maximum: number;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
    const known = this.#counters.get(key);
    const verdict = judgeAttempt(known, rule, now);
    if (!verdict.allowed) return verdict;
    if (known) this.#counters.remove(key);
    this.#counters.add({ id: key, ...verdict.counter });
    if (this.#counters.size > this.#maximum) this.#counters.removeOldest();
    return { allowed: true };
  }

  async refund(key: string): Promise<void> {
    const known = this.#counters.get(key);
    if (known) this.#counters.replace({ id: key, ...refunded(known) });
  }

  async reset(key: string): Promise<boolean> {
    const known = this.#counters.get(key);
    if (known) this.#counters.remove(key);
    return known !== undefined;
  }

  async find(key: string): Promise<ThrottleCounter | undefined> {
    const known = this.#counters.get(key);
    if (!known) return undefined;
    const { id: _, ...counter } = known;
    return counter;
  }

  async deleteExpired(now: number, batch: number, from?: string): Promise<ThrottlePruneStep> {
    const { seen, next } = this.#counters.walk(batch, from === undefined ? undefined : Number(from));
    const gone = seen.filter(({ forgottenAt }) => forgottenAt <= now);
    for (const { id } of gone) this.#counters.remove(id);
    return { removed: gone.length, next: next === undefined ? undefined : String(next) };
  }
}
