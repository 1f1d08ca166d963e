/** Which uses of sessions this node has noted lately, or tried to. */
import type { SessionId } from "./token.ts";

/** Two generations of so many ids are some 5 MB. */
const maximumOfGeneration = 25_000;

/**
 * Bounded: of very many sessions the longest known are forgotten, and may be noted once more than they need be. What was
 * noted more than two intervals ago is dropped with the next one.
 */
export class NotedUses {
  readonly #interval: number;
  #young = new Map<SessionId, number>();
  #old = new Map<SessionId, number>();
  #youngSince = 0;

  /** @param interval in milliseconds. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Whether this use of the session is to be noted, which counts as done: it is the first within the interval. */
  isNews(id: SessionId, now: number): boolean {
    const noted = this.#young.get(id) ?? this.#old.get(id);
    // A clock that was ahead for a while must not keep silent whom it has noted.
    if (noted !== undefined && Math.abs(now - noted) < this.#interval) return false;
    if (this.#young.size >= maximumOfGeneration || now - this.#youngSince >= this.#interval) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSince = now;
    }
    this.#young.set(id, now);
    return true;
  }
}
