/** One question to the store: answered in time, or `StoreUnavailableError`. */
import { within } from "./deadline.ts";
import { StoreUnavailableError } from "./errors.ts";
import type { RememberStore } from "./remember-store.ts";
import type { SessionStore, StoreCompanions } from "./store.ts";
import type { ThrottleStore } from "./throttle-store.ts";

/** How long a store may take where it does not say, in milliseconds. */
const defaultTimeout = 2_000;

/** The methods of the store, and of what it answers beside its sessions. */
type StoreOperation =
  | Exclude<keyof SessionStore, "timeout" | keyof StoreCompanions>
  | `remember.${keyof RememberStore}`
  | `throttle.${keyof ThrottleStore}`;

/** Whatever goes wrong in a backend is the same to callers: nothing is known. */
export function ask<T>(
  store: SessionStore,
  operation: StoreOperation,
  question: () => Promise<T>,
): Promise<T> {
  const { timeout = defaultTimeout } = store;
  const failure = (cause: unknown) => new StoreUnavailableError(operation, cause);
  try {
    return within(timeout, question(), { failure });
  } catch (cause) {
    return Promise.reject(failure(cause));
  }
}
