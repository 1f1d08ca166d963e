import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { madeOf, nearly, notorious, wildHeader, wildText } from "../../../../test/fuzz/texts.ts";
import {
  type CookieOptions,
  duplicateCookie,
  expireCookie,
  readCookie,
  resolveCookie,
  serializeCookie,
} from "../../src/http/cookie.ts";

const name = "__Host-session";

const headers = fc.oneof(
  madeOf(name, `${name}=`, `; ${name}=x`, "=", ";", "; ", " ", "\t", ",", '"', "$Version=1", "a=b", "\u00a0"),
  madeOf(name.toLowerCase(), name.slice(0, 5), name.slice(5), "=", ";", " "),
  nearly(fc.constantFrom(`${name}=abc`, `a=1; ${name}=abc; b=2`, `$Version="1"; ${name}=abc; $Path="/"`)),
  wildText,
);

/** A value that a browser may keep. */
const values = fc.string({ unit: fc.constantFrom(..."AZaz09-_.~!#$%&'()*+/:<=>?@[]^`{|}"), maxLength: 40 });

/** Cookies of others beside ours. */
const others = fc.array(
  fc.tuple(wildHeader, wildHeader).map((pair) => pair.map((text) => text.replace(/[;=]/g, "")).join("=")),
  { maxLength: 4 },
);

/** What parsers have trimmed, and browsers do not. */
const around: readonly string[] = [
  ...["\u00a0", "\u1680", "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"],
  ...["\n", "\r", "\f", "\v", "\0", "\x1f", "\x7f", "\u0085", "\u200b", '"', ",", "$", "%20", "+"],
  ...notorious.filter((text) => text.trim() !== "" && !text.includes("=")),
];

describe("a Cookie header", () => {
  // Proves RFC 10025 §4.2.2, ASVS 15.3.5.
  test(
    "is read as the RFC tells it, whatever stands in it",
    holds(
      fc.property(headers, (header) => assert.equal(readCookie(header, name), plainReading(header, name))),
      { runs: 3_000 },
    ),
  );

  test(
    "has the value that was set, among any other cookies",
    holds(
      fc.property(values, others, fc.nat(4), (value, beside, at) => {
        fc.pre(beside.every((pair) => !pair.includes(name)));
        const [pair = ""] = serializeCookie(resolveCookie(), value, { secure: true }).split(";", 1);
        const header = beside.toSpliced(at % (beside.length + 1), 0, pair).join("; ");
        assert.equal(readCookie(header, name), value);
      }),
    ),
  );

  test(
    "has no cookie of ours under a name with anything around it but spaces and tabs (CVE-2026-39410)",
    holds(
      fc.property(fc.constantFrom(...around), fc.boolean(), values, (character, isBefore, value) => {
        const odd = isBefore ? character + name : name + character;
        assert.equal(readCookie(`a=1; ${odd}=${value}; b=2`, name), undefined);
      }),
    ),
  );

  test(
    "that begins as RFC 2965 had it, with $Version, has no other rules: quotes hide nothing and join nothing",
    holds(
      fc.property(madeOf('"', name, "=", "; ", ",", "$Path=/", "a"), (rest) => {
        const header = `$Version=1; ${rest}`;
        assert.equal(readCookie(header, name), plainReading(header, name));
      }),
    ),
  );
});

describe("a Set-Cookie line", () => {
  const options: fc.Arbitrary<CookieOptions> = fc.record(
    {
      name: fc.oneof(nearly(fc.constantFrom(name, "__Secure-a", "session")), wildText),
      path: fc.oneof(nearly(fc.constant("/shop")), wildText),
      domain: fc.oneof(nearly(fc.constant("shop.example")), wildText),
      sameSite: fc.oneof(fc.constantFrom("lax" as const, "none" as const), wildText as fc.Arbitrary<"lax">),
      persistent: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const lifetimes = fc.record({ maxAge: fc.oneof(fc.double({ noNaN: true }), fc.constant(undefined)) });

  test(
    "has nothing in it that was put there by a name, a path, a domain or a value (CVE-2024-47764, CVE-2026-47675)",
    holds(
      fc.property(options, fc.oneof(values, wildText), lifetimes, (given, value, { maxAge }) => {
        const line = orTypeError(() =>
          serializeCookie(resolveCookie(given), value, { maxAge, secure: true }),
        );
        const removal = orTypeError(() => expireCookie(resolveCookie(given), { secure: true }));
        for (const text of [line, removal]) {
          if (text === undefined) continue;
          const [pair = "", ...attributes] = text.split("; ");
          assert.match(text, /^[\x20-\x7e]+$/);
          assert.match(pair, /^[^\s;,="]+=[^\s;,"\\]*$/);
          assert.deepEqual(
            attributes.filter((each) => !attribute.test(each)),
            [],
          );
          assert.equal(new Set(attributes.map((each) => each.split("=", 1)[0])).size, attributes.length);
        }
      }),
      { runs: 1_000 },
    ),
  );

  const attribute =
    /^(?:HttpOnly|Secure|Max-Age=\d+|Expires=Thu, 01 Jan 1970 00:00:00 GMT|SameSite=(?:Lax|Strict|None)|Path=\/[^\s;]*|Domain=[A-Za-z0-9.-]+)$/;

  // Proves RFC 10025 §5.6.
  test(
    "is refused or can be read back",
    holds(
      fc.property(options, fc.oneof(values, wildText), (given, value) => {
        const settings = orTypeError(() => resolveCookie(given));
        const line = settings && orTypeError(() => serializeCookie(settings, value, { secure: true }));
        if (line !== undefined) assert.equal(readCookie(line.split(";", 1)[0], settings!.name), value);
      }),
      { runs: 1_000 },
    ),
  );
});

describe("the work of reading a Cookie header", () => {
  test("grows with its length and no faster", () => {
    const pumps = pumpsOf(";", " ", "=", "a", name, `${name} `, `;${name}`, `${name}=;`, "\u00a0", "_");
    assertLinear((header) => readCookie(header, name), pumps);
  });

  test("of writing one, too, at start", () => {
    const pumps = pumpsOf("a", "-", "a-", "a.", ".", "__Host-", "/");
    assertLinear((text) => orTypeError(() => resolveCookie({ name: text })), pumps);
    assertLinear((text) => orTypeError(() => resolveCookie({ name: "a", domain: text })), pumps);
    assertLinear((text) => orTypeError(() => resolveCookie({ name: "a", path: `/${text}` })), pumps);
  });
});

/** Splits everything first and looks then, as the RFC tells it. */
function plainReading(header: string, name: string): unknown {
  const values = header
    .split(";")
    .filter((pair) => pair.includes("="))
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)].map(withoutBlanks))
    .filter(([found]) => found === name)
    .map(([, value]) => value);
  return values.length > 1 ? duplicateCookie : values[0];
}

function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && " \t".includes(text[from]!)) from++;
  while (to > from && " \t".includes(text[to - 1]!)) to--;
  return text.slice(from, to);
}

/** What it gives; undefined where it says that the programmer is wrong. */
function orTypeError<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return undefined;
  }
}
