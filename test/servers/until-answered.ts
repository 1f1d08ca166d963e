/** What a client does whose request was cut off. */

const cutOff: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

/** Whether it says that the other side has closed the connection. */
export function wasCutOff(error: unknown): boolean {
  return cutOff.has((error as NodeJS.ErrnoException).code);
}

/**
 * Asks again when the connection was reset before the answer was read. Who answers 413 and closes while much is still on
 * its way does that at times, and the answer is lost (RFC 9112 §9.6).
 */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 10 || !wasCutOff(error)) throw error;
    }
  }
}
