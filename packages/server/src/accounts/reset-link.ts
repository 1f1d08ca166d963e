/**
 * The link for a forgotten password: whoever reads the user's mail may choose a new one. Its code stands behind the `#`,
 * as that of the set-up link does.
 */

/** From the moment when the mail is handed over (ASVS 6.4.3). */
export const resetCodeLifetime: number = 15 * 60_000;

export function resetLink(origin: string, code: string): string {
  return `${origin}/reset#${code}`;
}
