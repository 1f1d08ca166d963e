/** Makes a store as good as new between two tries. */
import { type SessionStore, tombstoneLifetime } from "../../core/store.ts";

/** Removes what a try left behind, tombstones included: what is far enough in the past has expired. */
export async function empty(store: SessionStore, now: number): Promise<void> {
  const longAfter = now + 400 * tombstoneLifetime;
  let from: string | undefined;
  do {
    const { next } = await store.deleteExpired(longAfter, 1_000, from);
    from = next;
  } while (from !== undefined);
}
