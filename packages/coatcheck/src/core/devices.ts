/** Where a user is signed in, or may come back. */
import type { House } from "./house.ts";
import { expiry } from "./policy.ts";
import { type DormantBrowser, dormantBrowser } from "./remembered.ts";
import type { Session } from "./session.ts";

/** Where a user is signed in, or may come back. */
export interface Devices<D = Record<string, unknown>> {
  /** The live sessions. */
  readonly sessions: Session<D>[];
  /** Browsers without a live session that may come back without signing in. */
  readonly dormant: DormantBrowser[];
}

/** The last used first. */
export async function devicesOf<D>(house: House<D>, userId: string): Promise<Devices<D>> {
  const remembered = (await house.remembered?.findByUser(userId)) ?? [];
  const records = await house.store.findByUser(userId);
  const now = house.now();
  const browsers = remembered.filter((browser) => now < browser.expiresAt);
  const live = records.filter((record) => !expiry(house.policy, record, now));
  return {
    sessions: live
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt)
      .map((record) => {
        const browser = browsers.find(({ sessionId }) => sessionId === record.id);
        return house.session(record, browser?.expiresAt);
      }),
    dormant: browsers
      .filter(({ sessionId }) => !live.some(({ id }) => id === sessionId))
      .sort((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt)
      .map(dormantBrowser),
  };
}
