/**
 * What our pages say, once for each language. The English catalogue is the pattern: what another one leaves out, or has
 * too much, the compiler finds.
 */
import { type AdminWords, englishAdmin } from "./admin-en.ts";
import { russianAdmin } from "./admin-ru.ts";
import { english, type PageWords } from "./en.ts";
import type { Language } from "./language.ts";
import type { RefusalWords } from "./refusals.ts";
import { englishRefusals } from "./refusals-en.ts";
import { russianRefusals } from "./refusals-ru.ts";
import { russian } from "./ru.ts";

export type Words = PageWords & RefusalWords & { readonly admin: AdminWords };

const inLanguage: Readonly<Record<Language, Words>> = {
  en: { ...english, ...englishRefusals, admin: englishAdmin },
  ru: { ...russian, ...russianRefusals, admin: russianAdmin },
};

export function wordsIn(language: Language): Words {
  return inLanguage[language];
}
