/** A promise that stores keep, in words, and what proves it. */
import type { SessionStore } from "../../core/store.ts";

/** Stores on one backend that was empty when they were connected. */
export interface Connected {
  readonly store: SessionStore;
  /** Another connection to the same backend, as another node has it. */
  readonly elsewhere: SessionStore;
}

export type StoreCase = (on: Connected) => Promise<void>;

/** Promises by name. */
export type StoreCases = Readonly<Record<string, StoreCase>>;
