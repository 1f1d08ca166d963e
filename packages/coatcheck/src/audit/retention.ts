/** How old audit records become. */

const day = 24 * 60 * 60_000;

/** In milliseconds. */
export const defaultRetention: number = 400 * day;

/** @throws TypeError for no duration: an audit must not vanish because of a typing error. */
export function assertRetention(milliseconds: number): void {
  if (typeof milliseconds === "number" && milliseconds >= day) return;
  throw new TypeError(`retention must be at least a day, in milliseconds: ${day}`);
}
