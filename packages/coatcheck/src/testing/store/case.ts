/** A promise that stores keep, in words, and what proves it. */
import type { SessionStore } from "../../core/store.ts";

/** Stores on one backend that was empty when they were connected. */
export interface Connected<S = SessionStore> {
  readonly store: S;
  /** Another connection to the same backend, as another node has it. */
  readonly elsewhere: S;
}

export type StoreCase<S = SessionStore> = (on: Connected<S>) => Promise<void>;

/** Promises by name. */
export type StoreCases<S = SessionStore> = Readonly<Record<string, StoreCase<S>>>;

/** Everything that the stores of a port promise: what about, in which words, and the proof. */
export type Contract<S> = Readonly<Record<string, StoreCases<S>>>;

/** Does something with each item at the same time, on both connections in turn. */
export function allAtOnce<S, T, R>(
  { store, elsewhere }: Connected<S>,
  items: Iterable<T>,
  deed: (store: S, item: T, index: number) => Promise<R>,
): Promise<R[]> {
  return Promise.all(
    Array.from(items, (item, index) => deed(index % 2 === 0 ? store : elsewhere, item, index)),
  );
}
