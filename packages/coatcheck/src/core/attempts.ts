/** The store of attempts as the core hands it out: whatever goes wrong in it is an outage, in time. */
import { ask } from "./ask.ts";
import type { SessionStore } from "./store.ts";
import type { ThrottleStore } from "./throttle-store.ts";

/** Undefined if the store counts no attempts. */
export function attemptsIn(store: SessionStore): ThrottleStore | undefined {
  const { throttle } = store;
  if (!throttle) return undefined;
  return {
    attempt: (...of) => ask(store, "throttle.attempt", () => throttle.attempt(...of)),
    refund: (...of) => ask(store, "throttle.refund", () => throttle.refund(...of)),
    reset: (...of) => ask(store, "throttle.reset", () => throttle.reset(...of)),
    find: (...of) => ask(store, "throttle.find", () => throttle.find(...of)),
    deleteExpired: (...of) => ask(store, "throttle.deleteExpired", () => throttle.deleteExpired(...of)),
  };
}
