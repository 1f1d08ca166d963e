/** Users whose ids a store may stumble over. */
import { routingTag } from "../../core/token.ts";

/** Ids of users that are easily taken for one another, or for something else. */
export const oddUserIds: readonly string[] = [
  "a",
  "A",
  " a",
  "a ",
  "a\0",
  "a\0b",
  "\0",
  "\\0",
  "\\\0",
  "a\\0b",
  "\\",
  "\\\\",
  " ",
  "\t",
  "\n",
  "\r\n",
  "0",
  "1",
  "01",
  "1.0",
  "1e3",
  "NaN",
  "null",
  "undefined",
  "true",
  "{}",
  "{a}",
  "[]",
  "a:b",
  "a.b",
  "a/../b",
  "a*",
  "a?",
  "%",
  "a%",
  "_",
  "$1",
  "?1",
  ":id",
  "'",
  '"',
  "' OR 1=1 --",
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "é",
  "e\u0301",
  "ß",
  "ss",
  "ﬀ",
  "İ",
  "ı",
  "К",
  "K",
  "\u212a",
  "\u200b",
  "\ufeff",
  "\u202e",
  "\uffff",
  "\ue000",
  "\u{1f9e5}",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\u{10ffff}",
  "x".repeat(256),
  `${"x".repeat(255)}y`,
  "\u{1f9e5}".repeat(128),
  "ffffffff-ffff-4fff-8fff-ffffffffffff",
  "mailto:ada@example.com?subject=a&b",
];

/** Two users whose session ids begin alike. */
export function usersOfOneTag(): [string, string] {
  const seen = new Map<string, string>();
  for (let number = 0; ; number++) {
    const userId = `user ${number}`;
    const tag = routingTag(userId);
    const other = seen.get(tag);
    if (other !== undefined) return [other, userId];
    seen.set(tag, userId);
  }
}
