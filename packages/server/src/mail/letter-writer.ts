/**
 * Turns a mail of the outbox into a letter: finds out whom it is for, makes the code of its link, and writes it out.
 * That is done when the mail is sent, and again at each attempt. So no code is ever at rest, only its hash.
 */
import type { Accounts } from "../accounts/accounts.ts";
import { newOneTimeCode } from "../accounts/one-time-code.ts";
import { resetLink } from "../accounts/reset-link.ts";
import type { User } from "../accounts/user.ts";
import { endLink, endLinkLifetime } from "./end-link.ts";
import { type Letter, writeLetter } from "./letter.ts";
import type { Mail, QueuedMail } from "./mail.ts";
import type { MailStore } from "./mail-store.ts";
import { letterWordsIn } from "./words.ts";

export interface AddressedLetter {
  readonly to: string;
  readonly letter: Letter;
  /** What must not be repeated, whatever the mail server says to the letter. */
  readonly code: string;
}

export interface LetterWriter {
  /** Undefined if there is nobody to write to, or nothing to say any more. */
  write(queued: QueuedMail): Promise<AddressedLetter | undefined>;
}

export function letterWriter(
  accounts: Accounts,
  store: MailStore,
  origin: string,
  now: () => number,
): LetterWriter {
  return {
    async write({ mail, queuedAt }) {
      const user = await recipient(accounts, mail);
      const code = user && (await codeFor(mail, user, queuedAt));
      if (!user || !code) return undefined;
      const { language = "en" } = await store.preferences(user.id);
      const link = mail.kind === "password-reset" ? resetLink(origin, code) : endLink(origin, code);
      const letter = await writeLetter(mail, letterWordsIn(language), { origin, email: user.email, link });
      return { to: user.email, letter, code };
    },
  };

  async function codeFor(mail: Mail, user: User, queuedAt: number): Promise<string | undefined> {
    if (mail.kind === "password-reset") return accounts.issueResetCode(user, queuedAt);
    const { code, hash } = newOneTimeCode();
    const sessionId = "sessionId" in mail ? mail.sessionId : undefined;
    // Whoever changed a password that was not theirs may have signed in at any time.
    const link = { userId: user.id, sessionId, signedInAt: mail.kind === "new-device" ? mail.at : 0 };
    await store.addEndLink(hash, link, now() + endLinkLifetime);
    return code;
  }
}

/** Mail goes to the address that is kept, never to the one that was typed. */
async function recipient(accounts: Accounts, mail: Mail): Promise<User | undefined> {
  if (mail.kind !== "password-reset") return accounts.find(mail.userId);
  const user = await accounts.findByEmail(mail.email);
  return user?.disabled ? undefined : user;
}
