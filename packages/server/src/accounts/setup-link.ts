/**
 * The set-up link: whoever started the server, and nobody else, may create the first administrator.
 *
 * The code stands behind the `#` of the link. Browsers send that part to nobody, so it lands in no access log, no
 * proxy and no Referer; the page puts it into its form, or the person types it there.
 */

export const setupLinkLifetime: number = 24 * 60 * 60_000;

export function setupLink(origin: string, code: string): string {
  return `${origin}/setup#${code}`;
}
