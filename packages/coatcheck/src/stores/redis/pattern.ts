/** Patterns of keys, as SCAN takes them. */

/** Matches this text and nothing else. */
export function patternOf(text: string): string {
  return text.replace(/[*?[\]\\]/g, "\\$&");
}
