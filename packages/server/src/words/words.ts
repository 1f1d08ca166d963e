/**
 * What our pages say, once for each language. The English catalogue is the pattern: what another one leaves out, or has
 * too much, the compiler finds.
 */
import { english, type PageWords } from "./en.ts";
import type { Language } from "./language.ts";
import type { RefusalWords } from "./refusals.ts";
import { englishRefusals } from "./refusals-en.ts";
import { russianRefusals } from "./refusals-ru.ts";
import { russian } from "./ru.ts";

export type Words = PageWords & RefusalWords;

const inLanguage: Readonly<Record<Language, Words>> = {
  en: { ...english, ...englishRefusals },
  ru: { ...russian, ...russianRefusals },
};

export function wordsIn(language: Language): Words {
  return inLanguage[language];
}
