/** The languages that we speak to people in. */

export const languages: readonly ["en", "ru"] = ["en", "ru"];

export type Language = (typeof languages)[number];

/** What each calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", ru: "Русский" };

/** The language of this code; undefined for what is none of ours. */
export function languageOf(code: string | undefined): Language | undefined {
  return languages.find((each) => each === code);
}

/** Browsers name a handful of languages. Of a header full of commas, each request would have to sort thousands. */
const longestHeader = 256;

/**
 * The language of ours that an Accept-Language header likes best, as far as 256 characters say it; undefined if it
 * likes none (RFC 9110 §12.5.4).
 */
export function preferredLanguage(acceptLanguage: string | undefined): Language | undefined {
  const liked = (acceptLanguage ?? "")
    .slice(0, longestHeader)
    .split(",")
    .map((range) => {
      const [tag = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { name: tag.split("-")[0], quality: quality === undefined ? 1 : Number(quality) || 0 };
    });
  const best = liked.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { name } of best) {
    const language = languageOf(name);
    if (language) return language;
  }
  return undefined;
}
