/** A manager over a memory store, a clock that only the test moves, and everything that was told. */

import type { SessionEvent } from "../../src/core/events.ts";
import { SessionManager, type SessionManagerOptions } from "../../src/core/manager.ts";
import type { SessionStore } from "../../src/core/store.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";

export interface House {
  readonly sessions: SessionManager;
  readonly store: SessionStore;
  readonly clock: ManualClock;
  readonly events: SessionEvent[];
  readonly warnings: string[];
  /** The kinds of events so far, in order. */
  told(): string[];
}

export function house(options: Partial<SessionManagerOptions<Record<string, unknown>>> = {}): House {
  const store = askedMemory();
  const clock = manualClock();
  const events: SessionEvent[] = [];
  const warnings: string[] = [];
  const sessions = new SessionManager({
    store,
    now: clock.now,
    onEvent: (event) => void events.push(event),
    warn: (message) => void warnings.push(message),
    ...options,
  });
  return { sessions, store, clock, events, warnings, told: () => events.map(({ type }) => type) };
}

/** Has nothing at hand, as a database: for each session it is asked. */
export function askedMemory(): SessionStore {
  return Object.assign<SessionStore, { recent?: never }>(new MemorySessionStore(), { recent: undefined! });
}

export const second: number = 1_000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;

/** Two browsers of different families, and an update of the first. */
export const firefox = {
  userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  language: "en-GB,en;q=0.5",
};
export const firefoxUpdated: typeof firefox = {
  ...firefox,
  userAgent: firefox.userAgent.replaceAll("140", "141"),
};
export const chrome = {
  userAgent:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  language: "en-GB,en;q=0.5",
};

/** What a request with this token meets. */
export async function outcome(
  { sessions }: House,
  token: SessionToken,
  request: Parameters<SessionManager["validate"]>[1] = {},
): Promise<string> {
  const validation = await sessions.validate(token, request);
  await sessions.close();
  if (!validation.ok) return validation.rejection.reason;
  return validation.superseded ? "superseded" : "valid";
}
