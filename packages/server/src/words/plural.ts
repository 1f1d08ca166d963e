/** Counting, by the rules of a language: Russian has three forms for whole numbers, and the last digit decides. */
import type { Language } from "./language.ts";

/** What follows the number, in the forms that the language has; `other` stands in for those that are left out. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

const rules: Readonly<Record<Language, Intl.PluralRules>> = {
  en: new Intl.PluralRules("en"),
  ru: new Intl.PluralRules("ru"),
};

const numbers: Readonly<Record<Language, Intl.NumberFormat>> = {
  en: new Intl.NumberFormat("en-GB"),
  ru: new Intl.NumberFormat("ru"),
};

/** "1,500", "1 500" */
export function formatted(language: Language, count: number): string {
  return numbers[language].format(count);
}

/** "1 device", "5 устройств" */
export function counted(language: Language, count: number, forms: Forms): string {
  const form = forms[rules[language].select(count)] ?? forms.other;
  return `${numbers[language].format(count)} ${form}`;
}
