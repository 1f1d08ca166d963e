/** In which of our languages to write to somebody. */
import type { Language } from "./mail.ts";
import { languages } from "./words.ts";

/** The language of ours that an Accept-Language header likes best; undefined if it likes none (RFC 9110 §12.5.4). */
export function preferredLanguage(acceptLanguage: string | undefined): Language | undefined {
  const liked = (acceptLanguage ?? "").split(",").map((range) => {
    const [tag = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return { name: tag.split("-")[0], quality: quality === undefined ? 1 : Number(quality) || 0 };
  });
  const best = liked.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { name } of best) {
    const language = languages.find((each) => each === name);
    if (language) return language;
  }
  return undefined;
}
