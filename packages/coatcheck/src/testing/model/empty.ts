/** Makes a store as good as new between two tries. */
import { type SessionStore, tombstoneLifetime } from "../../core/store.ts";

/** Removes what a try left behind, tombstones included: what is far enough in the past has expired. */
export async function empty(store: SessionStore, now: number): Promise<void> {
  const longAfter = now + 400 * tombstoneLifetime;
  for (const each of [store, store.remember]) {
    let from: string | undefined;
    do {
      const step = await each?.deleteExpired(longAfter, 1_000, from);
      from = step?.next;
    } while (from !== undefined);
  }
}
