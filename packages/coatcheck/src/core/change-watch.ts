/** How a store tells of changes that others make to its sessions: what a cache needs to know. */
import type { SessionId } from "./token.ts";

/** Is told. Too often does no harm, too seldom does. */
export interface ChangeListener {
  /** This session was changed or ended, by whomever and in whatever way. Mere touches need not be told. */
  changed(id: SessionId): void;
  /** Any session may have been changed, or will be without being told: the channel was cut, or everything removed. */
  anyChanged(): void;
}

/** A store that is being watched. */
export interface ChangeWatch {
  /**
   * Resolves when the listener was told of every change that the store answered before this call; rejects if it may
   * not have been. Asked for again and again: it is how a cut channel is noticed.
   */
  prove?(): Promise<void>;
  /**
   * In place of `prove`, where looking costs next to nothing: tells the listener of every change that was made before
   * this call. Called at each hit.
   */
  look?(): void;
  /** Ends the watch, and what it opened. */
  close(): Promise<void>;
}
