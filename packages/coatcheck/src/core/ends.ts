/**
 * How sessions end, and with them what remembers their browsers. A browser is forgotten before its session ends: no
 * resume that is under way can outlive it.
 */
import type { House } from "./house.ts";
import { liveRecord } from "./live-session.ts";
import { expiry } from "./policy.ts";
import type { RememberRecord } from "./remember-store.ts";
import type { EndReason, SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

/** Ends a session and forgets its browser; false if there is neither. */
export async function revoke(house: House, id: SessionId, reason: EndReason): Promise<boolean> {
  const forgotten = await forgetWith(house, id, reason);
  const ended = await end(house, id, reason);
  if (!ended && forgotten?.sessionId === id) house.observers.tellForgotten(forgotten, reason);
  return ended || forgotten !== undefined;
}

/** Ends all sessions of a user but `except`, and says how many sessions and only remembered browsers it ended. */
export async function revokeAll(
  house: House,
  userId: string,
  reason: EndReason,
  except: SessionId | undefined,
): Promise<number> {
  const now = house.now();
  const forgotten = await forgetAll(house, userId, except);
  const records = await house.store.deleteByUser(userId, reason, now, except);
  const ended = records.filter((record) => endedNow(house, record, reason, now));
  // A sign-in that overlaps may have had its browser remembered just before its session was ended.
  forgotten.push(...(await forgetAll(house, userId, except)));
  const dormant = forgotten.filter(
    (browser) => now < browser.expiresAt && !ended.some(({ id }) => id === browser.sessionId),
  );
  for (const browser of dormant) house.observers.tellForgotten(browser, reason);
  return ended.length + dormant.length;
}

/** Ends a session, and says whether it was alive. */
export async function end(house: House, id: SessionId, reason: EndReason): Promise<boolean> {
  const now = house.now();
  const record = await house.store.delete(id, reason, now);
  return record !== undefined && endedNow(house, record, reason, now);
}

/**
 * Forgets a remembered browser and ends the session that it has; false if somebody else did.
 * @param except a session that stays.
 */
export async function forget(
  house: House,
  { id }: Pick<RememberRecord, "id">,
  reason: EndReason,
  except?: SessionId,
): Promise<boolean> {
  const forgotten = await house.remembered?.delete(id);
  if (forgotten && forgotten.sessionId !== except) await endForgotten(house, forgotten, reason);
  return forgotten !== undefined;
}

/** Forgets the browser whose session this is or was. If it came back meanwhile, that session ends. */
export async function forgetWith(
  house: House,
  id: SessionId,
  reason: EndReason,
): Promise<RememberRecord | undefined> {
  const forgotten = await house.remembered?.deleteBySession(id);
  if (!forgotten || house.now() >= forgotten.expiresAt) return undefined;
  if (forgotten.sessionId !== id) await endForgotten(house, forgotten, reason);
  return forgotten;
}

/** Whether this user's is the live session, or the remembered browser that goes by it. */
export async function belongsTo(house: House, id: SessionId, userId: string | undefined): Promise<boolean> {
  const owned = (await liveRecord(house, id)) ?? (await house.remembered?.findBySession(id));
  return owned !== undefined && owned.userId === userId;
}

async function endForgotten(house: House, browser: RememberRecord, reason: EndReason): Promise<void> {
  if (!(await end(house, browser.sessionId, reason))) house.observers.tellForgotten(browser, reason);
}

async function forgetAll(
  { remembered }: House,
  userId: string,
  except: SessionId | undefined,
): Promise<RememberRecord[]> {
  return [...((await remembered?.deleteByUser(userId, except)) ?? [])];
}

/** Tells of an end, and says whether it was one: what had expired had ended already, pruned or not. */
function endedNow(
  { policy, observers }: House,
  record: SessionRecord,
  reason: EndReason,
  now: number,
): boolean {
  const alive = !expiry(policy, record, now);
  observers.tellEnd({ record, reason: alive ? reason : "expired" });
  return alive;
}
