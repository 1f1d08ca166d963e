/** Where a history is played: a real manager and the model under one clock, and everybody who holds a cookie. */
import assert from "node:assert/strict";
import type { SessionEvent } from "../../core/events.ts";
import { SessionManager, type SessionManagerOptions } from "../../core/manager.ts";
import type { Session } from "../../core/session.ts";
import type { SessionStore } from "../../core/store.ts";
import { manualClock } from "../clock.ts";
import { browsers, type Fate, users } from "./history.ts";
import { Holder } from "./holder.ts";
import { type ModelPolicy, type ModelView, SessionModel } from "./session-model.ts";
import { Witness } from "./witness.ts";

/** Makes the manager under test. Tests of the model pass managers that are wrong on purpose. */
export type MakeManager = (options: SessionManagerOptions<Record<string, unknown>>) => SessionManager;

export class Stage {
  readonly policy: ModelPolicy;
  readonly store: SessionStore;
  readonly sessions: SessionManager;
  readonly model: SessionModel;
  readonly witness: Witness;
  readonly now: () => number;
  /** Browsers first, then thieves as they come. */
  readonly holders: Holder[] = Array.from({ length: browsers }, (_, client) => new Holder(client));
  /** How much time has passed. Other than the clock it never goes back. */
  elapsed = 0;
  readonly #clock = manualClock();
  readonly #compromised = new Set<string>();
  readonly #tokens = new Set<string>();
  #events: SessionEvent[] = [];
  /** The clock as it was when it was furthest on. */
  #latest: number;

  constructor(policy: ModelPolicy, store: SessionStore, make?: MakeManager) {
    const { now } = this.#clock;
    this.policy = policy;
    this.store = store;
    this.now = now;
    this.model = new SessionModel(policy, now);
    this.#latest = now();
    this.witness = new Witness(policy, now, () => this.#latest);
    const options: SessionManagerOptions<Record<string, unknown>> = {
      store,
      policy,
      now,
      onEvent: (event) => void this.#events.push(event),
      warn: (message, cause) => assert.fail(`Warned: ${message}: ${cause}`),
    };
    this.sessions = make ? make(options) : new SessionManager(options);
  }

  holder(number: number): Holder {
    return this.holders[number % this.holders.length]!;
  }

  /** One of the sessions that there ever were, counted from the last. */
  session(number: number | undefined): string | undefined {
    const ids = this.model.ids();
    return number === undefined ? undefined : ids.at(-1 - (number % ids.length));
  }

  pass(milliseconds: number): void {
    this.#clock.advance(milliseconds);
    if (milliseconds <= 0) return;
    this.elapsed += milliseconds;
    this.#latest = Math.max(this.#latest, this.now());
    for (const holder of this.holders) this.#lose(holder.forget(this.tooLate));
  }

  /**
   * What was sent then, or before, never arrives. With half a grace for each way, an old token that was sent before its
   * successor came is still in its grace.
   */
  get tooLate(): number {
    return this.elapsed - this.policy.grace / 2;
  }

  /** Sends a cookie. */
  answer(holder: Holder, token: string, fate: Fate, vital = false): void {
    this.#tokens.add(token);
    this.#lose(holder.answer(token, fate, this.elapsed, vital));
  }

  hasSent(token: string): boolean {
    return this.#tokens.has(token);
  }

  /** From now on this session may be found stolen. */
  compromise(token: string): void {
    this.#compromised.add(idOf(token));
  }

  /** The id of a session that began since the last step. */
  begun(): string | undefined {
    return this.#events.find((event) => event.type === "created")?.sessionId;
  }

  /** After each step: the same was told of it as the model says, and nothing that must never be. */
  settle(): void {
    const events = this.#events;
    this.#events = [];
    assert.deepEqual(events.map(inWords).sort(), this.model.takeTold().sort(), "Other events were told");
    for (const event of events) {
      this.witness.sees(event);
      if (event.type === "theft") this.#assertStolen(event.sessionId);
    }
  }

  /** P7: nothing at rest opens a session. */
  async assertSecretsKept(): Promise<void> {
    const found = await Promise.all(this.model.ids().map((id) => this.store.find(id as Session["id"])));
    const atRest = JSON.stringify(found);
    for (const token of this.#tokens) {
      for (const part of token.split(".").slice(1)) {
        assert.ok(!atRest.includes(part), "The store keeps a part of a token that opens a session");
      }
    }
  }

  /** P4: renewal signs nobody out. */
  #assertStolen(id: string): void {
    const mayBe = this.#compromised.has(id) || this.model.isCrowded(id);
    assert.ok(mayBe, "An honest browser was taken for a thief");
  }

  #lose(vital: readonly string[]): void {
    for (const token of vital) this.compromise(token);
  }
}

export function idOf(token: string): string {
  return token.split(".")[0]!;
}

export function userOf(number: number): string {
  return users[number % users.length]!;
}

/** What the model can say of a session. */
export function viewOf(session: Session): ModelView {
  const { id, userId, createdAt, authenticatedAt, amr, lastSeenAt, expiresAt, client, data } = session;
  return { id, userId, createdAt, authenticatedAt, amr, lastSeenAt, expiresAt, client, data };
}

function inWords(event: SessionEvent): string {
  const detail = "reason" in event ? `${event.reason} ` : "";
  return `${event.type} ${detail}${"sessionId" in event ? event.sessionId : ""}`;
}
