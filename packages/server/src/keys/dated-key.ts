/** A key of the server and its time: the rules of rotation, without a clock and without a file. */
import { generateKey } from "coatcheck";

export interface DatedKey {
  /** As `generateKey` makes it. */
  readonly key: string;
  /** From this millisecond on it seals; it opens from the moment that it is known. */
  readonly sealsFrom: number;
}

/** Where a key stands. */
export type KeyState = "next" | "seals" | "opens";

/**
 * A new key opens at once and seals a minute later: servers look for new keys far more often than that, so when one of
 * them begins to seal, all the others can open.
 */
export const promotionDelay: number = 60_000;

/** A replaced key is kept as long as browsers keep any cookie: 400 days (RFC 10025 §5.5). */
export const retirementAge: number = 400 * 24 * 60 * 60_000;

/** The keys that begin it all: a single one, which seals at once. */
export function firstKeys(now: number): readonly DatedKey[] {
  return [{ key: generateKey(now), sealsFrom: now }];
}

/** The keys with a new one in front, without those that nothing can need any more. */
export function rotated(keys: readonly DatedKey[], now: number): readonly DatedKey[] {
  const fresh = { key: generateKey(now), sealsFrom: now + promotionDelay };
  return [fresh, ...keys].filter((_, at, all) => at === 0 || now < all[at - 1]!.sealsFrom + retirementAge);
}

/** The keys in the order in which a ring takes them: first the one that seals now. */
export function inUse(keys: readonly DatedKey[], now: number): readonly string[] {
  const sealing = sealingKey(keys, now);
  return [sealing, ...keys.filter((each) => each !== sealing)].map(({ key }) => key);
}

export function stateOf(key: DatedKey, keys: readonly DatedKey[], now: number): KeyState {
  if (key === sealingKey(keys, now)) return "seals";
  return now < key.sealsFrom ? "next" : "opens";
}

/** Public: it stands in every sealed cookie. */
export function idOf(key: string): string {
  return key.slice(0, key.indexOf(":"));
}

/** The newest whose time has come; where a clock was turned back behind all of them, the oldest. */
function sealingKey(keys: readonly DatedKey[], now: number): DatedKey {
  return keys.find(({ sealsFrom }) => sealsFrom <= now) ?? keys.at(-1)!;
}
