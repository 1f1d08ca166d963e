/** One question to the store: answered in time, or `StoreUnavailableError`. */
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
export async function ask<T>(
  store: SessionStore,
  operation: StoreOperation,
  question: () => Promise<T>,
): Promise<T> {
  const { timeout = defaultTimeout } = store;
  try {
    return await (timeout === Number.POSITIVE_INFINITY ? question() : within(timeout, question()));
  } catch (cause) {
    throw new StoreUnavailableError(operation, cause);
  }
}

/**
 * The answer, or a rejection if there is none within so many milliseconds.
 * @param options.keepsAlive whether the process lives until then. Default true.
 */
export function within<T>(
  milliseconds: number,
  answer: Promise<T>,
  { keepsAlive = true }: { readonly keepsAlive?: boolean } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${milliseconds} ms`)), milliseconds);
    if (!keepsAlive) timer.unref();
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause) => {
        clearTimeout(timer);
        reject(cause);
      },
    );
  });
}
