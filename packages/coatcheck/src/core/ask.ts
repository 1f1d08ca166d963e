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

/**
 * The answer, or a rejection if there is none within so many milliseconds, which may be infinitely many.
 * @param options.keepsAlive whether the process lives until then. Default true.
 * @param options.failure what a rejection is turned into. Default nothing else.
 */
export function within<T>(
  milliseconds: number,
  answer: Promise<T>,
  { keepsAlive = true, failure = itself }: WithinOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = () => reject(failure(new Error(`No answer within ${milliseconds} ms`)));
    const timer = milliseconds === Number.POSITIVE_INFINITY ? undefined : setTimeout(expire, milliseconds);
    if (!keepsAlive) timer?.unref();
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause) => {
        clearTimeout(timer);
        reject(failure(cause));
      },
    );
  });
}

interface WithinOptions {
  readonly keepsAlive?: boolean;
  readonly failure?: (cause: unknown) => unknown;
}

function itself(cause: unknown): unknown {
  return cause;
}
