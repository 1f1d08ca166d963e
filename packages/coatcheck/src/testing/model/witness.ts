/**
 * Sees what really happened and knows no rules but the promises: what must never happen, whatever the model says.
 */
import assert from "node:assert/strict";
import type { SessionEvent } from "../../core/events.ts";

type EndEvent = Extract<
  SessionEvent,
  { readonly type: "revoked" | "evicted" | "replaced" | "expired" | "theft" }
>;

const ends: ReadonlySet<string> = new Set<EndEvent["type"]>([
  "revoked",
  "evicted",
  "replaced",
  "expired",
  "theft",
]);

export class Witness {
  readonly #limits: { readonly absoluteTimeout: number; readonly grace: number };
  readonly #now: () => number;
  /** The furthest that the clock has been: a grace that began before it was set back ends accordingly later. */
  readonly #latest: () => number;
  readonly #begun = new Map<string, number>();
  readonly #ended = new Set<string>();
  readonly #successors = new Map<string, string>();
  readonly #predecessors = new Map<string, string>();
  readonly #outdated = new Map<string, number>();

  constructor(
    limits: { readonly absoluteTimeout: number; readonly grace: number },
    now: () => number,
    latest: () => number = now,
  ) {
    this.#limits = limits;
    this.#now = now;
    this.#latest = latest;
  }

  sees(event: SessionEvent): void {
    if (event.type === "created") this.#begun.set(event.sessionId, event.at);
    if (!isEnd(event)) return;
    assert.ok(!this.#ended.has(event.sessionId), `An end was told twice, the second time as ${event.type}`);
    this.#ended.add(event.sessionId);
  }

  /** A token was answered with a successor. */
  seesSuccessor(token: string, successor: string): void {
    assert.notEqual(successor, token, "A token was renewed by itself");
    const known = this.#successors.get(token) ?? successor;
    assert.equal(successor, known, "A token has two successors");
    this.#successors.set(token, successor);
    this.#predecessors.set(successor, token);
  }

  /** A token was replaced by an unrelated one. */
  seesReplacement(token: string): void {
    for (let each: string | undefined = token; each !== undefined; each = this.#successors.get(each)) {
      this.#outdate(each);
    }
  }

  /** A token opened a session. */
  seesOpened(token: string, session: { readonly id: string; readonly expiresAt: number }): void {
    const now = this.#now();
    assert.ok(!this.#ended.has(session.id), "A token of an ended session opened it");
    const begun = this.#begun.get(session.id)!;
    const last = begun + this.#limits.absoluteTimeout;
    assert.ok(now < last, "A session was opened past its absolute deadline");
    assert.ok(session.expiresAt <= last, "The absolute deadline moved");
    const until = this.#outdated.get(token) ?? Number.POSITIVE_INFINITY;
    assert.ok(now < until, "A replaced token opened its session after the grace");
    const predecessor = this.#predecessors.get(token);
    if (predecessor !== undefined) this.#outdate(predecessor);
  }

  /** Whether a token was replaced and its grace is over: using it now gives the theft away. */
  isOutdated(token: string): boolean {
    return (this.#outdated.get(token) ?? Number.POSITIVE_INFINITY) <= this.#now();
  }

  #outdate(token: string): void {
    if (!this.#outdated.has(token)) this.#outdated.set(token, this.#latest() + this.#limits.grace);
  }
}

/** Whether it tells that a session ended. */
export function isEnd(event: SessionEvent): event is EndEvent {
  return ends.has(event.type);
}
