/** What our mails say, once for each language. */
import type { Language } from "../words/language.ts";
import type { Mail } from "./mail.ts";
import { english } from "./words-en.ts";
import { russian } from "./words-ru.ts";

export interface MailWords {
  readonly subject: string;
  readonly opening: string;
  /** What to do, and what the link does. */
  readonly advice: string;
  /** What stands on the link. */
  readonly link: string;
  /** How long the link is good, and what else there is to know. */
  readonly closing: string;
}

export interface LetterWords {
  readonly locale: string;
  readonly account: string;
  readonly time: string;
  readonly address: string;
  readonly unknownAddress: string;
  readonly device: string;
  newDevice(about: { readonly isLast: boolean; readonly accountPage: string }): MailWords;
  theft(about: { readonly isOutdated: boolean; readonly accountPage: string }): MailWords;
  passwordChanged(about: { readonly goesOn: boolean; readonly forgotPage: string }): MailWords;
  passwordReset(): MailWords;
}

const inLanguage: Readonly<Record<Language, LetterWords>> = { en: english, ru: russian };

export function letterWordsIn(language: Language): LetterWords {
  return inLanguage[language];
}

/** What this mail says. `origin` is the public one: nothing of a request ever gets into a link (CVE-2025-71401). */
export function wordsOf(mail: Mail, words: LetterWords, origin: string): MailWords {
  const accountPage = `${origin}/account`;
  switch (mail.kind) {
    case "new-device":
      return words.newDevice({ isLast: mail.isLast, accountPage });
    case "theft":
      return words.theft({ isOutdated: mail.by === "outdated-copy", accountPage });
    case "password-changed":
      return words.passwordChanged({ goesOn: mail.sessionId !== undefined, forgotPage: `${origin}/forgot` });
    case "password-reset":
      return words.passwordReset();
  }
}
