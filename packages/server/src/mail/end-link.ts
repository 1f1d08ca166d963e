/**
 * The link by which a mail lets its reader end a session, signed in or not. Its code stands in the query, since it must
 * work without script, and may: it opens nothing. Mail scanners follow links, so following it does nothing either.
 */

export const endLinkLifetime: number = 7 * 24 * 60 * 60_000;

export function endLink(origin: string, code: string): string {
  return `${origin}/end-session?code=${code}`;
}
