/** Texts that nobody would write: what the properties of all parsers are tried on. */
import * as fc from "fast-check";

/** Texts that have broken programs before, each in a way of its own. */
export const notorious: readonly string[] = [
  "",
  " ",
  "\t",
  "\0",
  "\r\n",
  "\r\nSet-Cookie: __Host-session=x",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "\u202e",
  "\ud800",
  "\udc00\ud800",
  "\u0130",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "-0",
  "1e999",
  "..",
  "../../etc/passwd",
  "%",
  "%00",
  "%zz",
  "%2e%2e%2f",
  "//evil.example",
  "\\\\evil.example",
  "javascript:alert(1)",
  "https://user@evil.example",
  '"><img src=x onerror=alert(1)>',
  "' OR 1=1 --",
  "{{7*7}}",
  "=cmd|' /C calc'!A0",
  "$Version=1",
];

/** Any text, well-formed or not, now and then a very long one. */
export const wildText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: latin1(60) },
  { weight: 4, arbitrary: fc.constantFrom(...notorious) },
  { weight: 1, arbitrary: halfPairs() },
  { weight: 1, arbitrary: huge() },
);

/** What a header can carry on the wire: bytes other than line ends and NUL. */
export const wildHeader: fc.Arbitrary<string> = fc.oneof(latin1(60), wildText).map((text) =>
  Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, "")
    .slice(0, 4_000)
    .trim(),
);

/** Fragments in any order and number, with something else between now and then: a grammar, shaken. */
export function madeOf(...fragments: readonly string[]): fc.Arbitrary<string> {
  const fragment = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...fragments) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom(...notorious) },
  );
  return fc.array(fragment, { maxLength: 24 }).map((parts) => parts.join(""));
}

/** A text with one thing changed, which may give the text itself. */
export function nearly(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const something = fc.oneof(
    fc.constantFrom(...notorious),
    fc.string({ unit: "binary", minLength: 1, maxLength: 2 }),
    fc.constantFrom(..."AZaz09-_.:;,=/@?&#%+ \"'\\"),
  );
  return fc
    .tuple(texts, fc.nat(), something, fc.constantFrom(...edits))
    .map(([text, place, inserted, edit]) => edit(text, place % (text.length + 1), inserted));
}

type Edit = (text: string, at: number, inserted: string) => string;

const edits: readonly Edit[] = [
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(at),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at, inserted) => text.slice(0, at) + inserted + text.slice(at),
  (text, at, inserted) => text.slice(0, at) + inserted + text.slice(at + 1),
  (text, _, inserted) => inserted + text,
  (text, _, inserted) => text + inserted,
  (text) => text + text,
  (text) => text.toUpperCase(),
  (text, at) => text.slice(0, at) + (text[at + 1] ?? "") + (text[at] ?? "") + text.slice(at + 2),
];

const wildKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", ""),
  wildText,
);

/** Values as JSON has them, of every type, with keys that programs trip over. */
export const wildValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      wildText,
      fc.constantFrom(null, true, false, 0, -1, 0.5, 2 ** 53, 1e308, -1e308),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(wildKey, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

function latin1(maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString("latin1"));
}

function halfPairs(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "a", "\ud83d\ude00"), maxLength: 12 });
}

function huge(): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom("a", " ", "=", ";", ",", "\u00a0", "a;", "%", "\ud800"),
      fc.constantFrom(1_000, 20_000),
    )
    .map(([unit, length]) => unit.repeat(length));
}
