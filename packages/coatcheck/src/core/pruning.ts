/** Removing what has expired, in bounded steps that leave the event loop free. */
import type { House } from "./house.ts";

const batch = 200;

/** How many sessions and remembered browsers were removed. Counters of failed attempts are removed too. */
export async function prune(house: House): Promise<number> {
  const { attempts, remembered, now } = house;
  const sessions = await walk(house, (from) => pruneSessions(house, from));
  if (attempts) await walk(house, (from) => attempts.deleteExpired(now(), batch, from));
  if (!remembered) return sessions;
  return sessions + (await walk(house, (from) => remembered.deleteExpired(now(), batch, from)));
}

interface Step {
  readonly removed: number;
  /** Where the next step begins; undefined at the end. */
  readonly next: string | undefined;
}

async function pruneSessions({ store, now, observers }: House, from: string | undefined): Promise<Step> {
  const { expired, next } = await store.deleteExpired(now(), batch, from);
  for (const record of expired) observers.tellEnd({ record, reason: "expired" });
  return { removed: expired.length, next };
}

async function walk(
  { storeClock }: House,
  step: (from: string | undefined) => Promise<Step>,
): Promise<number> {
  let total = 0;
  let from: string | undefined;
  do {
    if (!storeClock.agrees) break;
    const { removed, next } = await step(from);
    total += removed;
    from = next;
    await new Promise((resolve) => setImmediate(resolve));
  } while (from !== undefined);
  return total;
}
