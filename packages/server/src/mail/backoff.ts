/** When to try again what could not be sent. */

const minute = 60_000;
const longestPause = 6 * 60 * minute;

/** How long a mail is tried, in milliseconds. */
export const mailPatience: number = 3 * 24 * 60 * minute;

/** When the next attempt is due: after 1, 2, 4, … minutes, and then every 6 hours. Undefined: it is given up. */
export function nextAttempt(queuedAt: number, attempts: number, now: number): number | undefined {
  const dueAt = now + Math.min(minute * 2 ** (attempts - 1), longestPause);
  return dueAt <= queuedAt + mailPatience ? dueAt : undefined;
}
