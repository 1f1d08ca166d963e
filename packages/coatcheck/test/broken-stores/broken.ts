/** What the broken stores have in common. */
import type { RememberStore } from "../../src/core/remember-store.ts";
import type {
  SessionChange,
  SessionLimit,
  SessionRecord,
  SessionStore,
  UpdateCondition,
} from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";

/** A way to break a contract, and promises that must be seen to be broken by it. */
export interface BrokenStore<S = SessionStore> {
  readonly breaks: readonly string[];
  readonly Store: new () => S;
}

/** Broken stores by what they do. */
export type BrokenStores = Readonly<Record<string, BrokenStore>>;
export type BrokenRememberStores = Readonly<Record<string, BrokenStore<RememberStore>>>;

export type Insertion = [record: SessionRecord, now: number, limit?: SessionLimit];
export type Update = [id: SessionId, change: SessionChange, now: number, condition?: UpdateCondition];

/** What others do between two steps of ours. */
export function meanwhile(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
