/** Ending a session by the link of a mail, signed in or not. */
import { parseSessionId, type SessionManager } from "coatcheck";
import type { MailStore } from "../mail/mail-store.ts";
import { codeHash } from "./one-time-code.ts";

/**
 * Ends what the link is for, and uses it up then: an outage in between leaves the link good. False for a link that is
 * unknown, used or expired. That a session had ended already is no failure: it is what was asked for.
 */
export async function endByLink(
  { mail, sessions }: { readonly mail: MailStore; readonly sessions: SessionManager },
  code: string,
): Promise<boolean> {
  const hash = codeHash(code);
  const link = await mail.findEndLink(hash, sessions.now());
  if (!link) return false;
  const { userId } = link;
  if (link.sessionId === undefined) {
    await sessions.revokeAll(userId);
  } else {
    const sessionId = parseSessionId(link.sessionId);
    if (sessionId) await sessions.revoke(sessionId, { userId });
  }
  return mail.useEndLink(hash, sessions.now());
}
