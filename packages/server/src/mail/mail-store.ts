/**
 * The port behind which mails wait until they are sent, and what is known for writing them. It lies in the database of
 * the users. Methods reject only when the database itself fails; every method is one atomic step.
 */
import type { Language } from "../words/language.ts";
import type { Device, EndLink, Mail, MailPreferences, QueuedMail } from "./mail.ts";

export interface MailStore {
  /** Adds a mail, due at once. */
  enqueue(mail: Mail, now: number): Promise<void>;

  /**
   * Notes that the user signed in on a device. It is known if one of this name was seen in this network, or anywhere if
   * it has the cookie. If it is new, asks `mailFor` what to say, and adds that in the same step. `newToday` is how many
   * devices were new to this user within a day, this one included.
   */
  noteDevice(
    userId: string,
    device: Device,
    now: number,
    mailFor: (newToday: number) => Mail | undefined,
  ): Promise<void>;

  /** Makes every device of the user new again, but those of this name in this network. */
  forgetDevices(userId: string, except?: Pick<Device, "name" | "network">): Promise<void>;

  /**
   * Takes out the mail that is due for the longest time. Until `until` nobody else gets it; then it is due again, in
   * case whoever took it has died.
   */
  claim(now: number, until: number): Promise<QueuedMail | undefined>;

  /** Forgets a mail that was sent or given up; changes nothing if it was taken out again meanwhile. */
  remove(mail: QueuedMail): Promise<void>;

  /** Puts a mail back until `dueAt`; changes nothing if it was taken out again meanwhile. */
  postpone(mail: QueuedMail, dueAt: number): Promise<void>;

  /** Adds a link; only the hash of its code is kept. */
  addEndLink(codeHash: string, link: EndLink, expiresAt: number): Promise<void>;

  /** The link if it is neither used nor expired at `now`. */
  findEndLink(codeHash: string, now: number): Promise<EndLink | undefined>;

  /** Uses up a link; false if it was used or is expired at `now`, so that one of many has it. */
  useEndLink(codeHash: string, now: number): Promise<boolean>;

  /** The defaults for a user of whom nothing is known. */
  preferences(userId: string): Promise<MailPreferences>;

  /** Changes what is named, and leaves the rest. */
  setPreferences(userId: string, change: Partial<MailPreferences>): Promise<void>;

  /** Sets the language of a user who has none yet. */
  learnLanguage(userId: string, language: Language): Promise<void>;

  /** Removes links that expired, and devices that were not seen since; at most `batch` of each. Returns how many. */
  deleteExpired(now: number, unseenSince: number, batch: number): Promise<number>;
}

/** How far `newToday` looks back, in milliseconds. */
export const day: number = 24 * 60 * 60_000;
