/** Ending a session by the link of a mail, signed in or not. */
import { parseSessionId, type SessionManager } from "coatcheck";
import type { EndLink } from "../mail/mail.ts";
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
  await end(sessions, link);
  return mail.useEndLink(hash, sessions.now());
}

async function end(sessions: SessionManager, { userId, sessionId, signedInAt }: EndLink): Promise<void> {
  if (sessionId === undefined) {
    await sessions.revokeAll(userId);
    return;
  }
  const id = parseSessionId(sessionId);
  const isEnded = id !== undefined && (await sessions.revoke(id, { userId }));
  if (!isEnded) await endSuccessors(sessions, userId, signedInAt);
}

/**
 * A remembered browser that came back twice goes by other sessions. Which one it is cannot be told any more, so of the
 * remembered browsers only those stay whose user had signed in before.
 */
async function endSuccessors(sessions: SessionManager, userId: string, signedInAt: number): Promise<void> {
  const { sessions: live, dormant } = await sessions.devices(userId);
  const successors = [
    ...live.filter((each) => each.rememberedUntil !== undefined && each.authenticatedAt >= signedInAt),
    ...dormant.filter(({ createdAt }) => createdAt >= signedInAt),
  ];
  for (const { id } of successors) await sessions.revoke(id, { userId });
}
