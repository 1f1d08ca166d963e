import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type CookieOptions,
  duplicateCookie,
  expireCookie,
  plainName,
  readCookie,
  resolveCookie,
  serializeCookie,
} from "../../src/http/cookie.ts";

const name = "__Host-session";

describe("readCookie", () => {
  const found: readonly (readonly [promise: string, header: string | undefined, expected: unknown])[] = [
    ["finds the only cookie", `${name}=abc`, "abc"],
    ["finds it among others, wherever it stands", `a=1; ${name}=abc; b=2`, "abc"],
    ["finds nothing in no header", undefined, undefined],
    ["finds nothing in an empty header", "", undefined],
    ["finds nothing among others", "a=1; b=2", undefined],
    ["does not need the space after a semicolon", `a=1;${name}=abc;b=2`, "abc"],
    ["trims space and tab around name and value", `a=1; \t ${name}\t = \tabc \t; b=2`, "abc"],
    ["takes an empty value for a value", `${name}=; b=2`, ""],
    ["takes a blank value for an empty one", `${name}= \t ; b=2`, ""],
    ["keeps everything after the first equals sign", `${name}=a=b==`, "a=b=="],
    ["keeps quotes, for they are part of the value", `${name}="abc"`, '"abc"'],
    ["does not decode percents", `${name}=%61%zz`, "%61%zz"],
    ["reads a value longer than any browser stores", `${name}=${"x".repeat(8192)}`, "x".repeat(8192)],
    ["reads a value that is not ASCII", `${name}=caf\u00e9`, "caf\u00e9"],
    ["tolerates empty pairs", `;; ; ${name}=abc;;`, "abc"],
    [
      "RFC 10025 §4.2.2: reads several header lines joined with a semicolon",
      `a=1; b=2; ${name}=abc; c=3`,
      "abc",
    ],
    [
      "RFC 10025 §8.6: reads it among 300 cookies",
      `${"flood=1; ".repeat(150)}${name}=abc${"; flood=1".repeat(150)}`,
      "abc",
    ],

    ["RFC 10025 §4.2.2: two cookies of one name count as none", `${name}=abc; ${name}=def`, duplicateCookie],
    ["two equal cookies of one name count as none", `${name}=abc; a=1; ${name}=abc`, duplicateCookie],
    ["an empty cookie of the name is one of two", `${name}=abc; ${name}=`, duplicateCookie],
    ["and so is the first", `${name}=; ${name}=abc`, duplicateCookie],
    ["three cookies of one name count as none", `${name}=a; ${name}=b; ${name}=c`, duplicateCookie],

    ["RFC 10025 §4.1.3: ignores the name in other case", "__host-session=abc; __HOST-SESSION=abc", undefined],
    ["ignores a name that ends in it", `x${name}=abc`, undefined],
    ["ignores a name that begins with it", `${name}x=abc; ${name}.sig=abc`, undefined],
    ["ignores the name inside a value", `a=${name}=abc; b= ${name}=abc; c=1 ${name}=abc`, undefined],
    ["ignores the name without an equals sign", `${name}; a=1`, undefined],
    [
      "RFC 10025 §5.6: ignores a nameless cookie that looks like it",
      `=${name}=abc; = ${name}=abc`,
      undefined,
    ],
    ["ignores it after a comma", `a=1, ${name}=abc`, undefined],
    [
      "reads through quotes as browsers do, also after $Version",
      `$Version=1; a="1; ${name}=abc"; $Path=/`,
      'abc"',
    ],
    ["ignores $Version's quoted lists", `$Version=1, ${name}=abc; $Path=/`, undefined],
    [
      "CVE-2026-39410: a no-break space before the name is part of another name",
      `\u00a0${name}=abc`,
      undefined,
    ],
    [
      "CVE-2026-39410: a no-break space after the name is part of another name",
      `${name}\u00a0=abc`,
      undefined,
    ],
    [
      "CVE-2026-39410: nor do line ends, form feeds, nulls and Unicode spaces surround a name",
      ["\n", "\r", "\f", "\v", "\0", "\u0085", "\u2000", "\u2028", "\u3000", "\ufeff"]
        .map((space) => `${space}${name}=abc; ${name}${space}=abc`)
        .join("; "),
      undefined,
    ],
  ];
  for (const [promise, header, expected] of found) {
    test(promise, () => assert.equal(readCookie(header, name), expected));
  }

  test("CVE-2026-39410: keeps a no-break space at the ends of a value", () => {
    assert.equal(readCookie(`${name}=\u00a0abc\u00a0`, name), "\u00a0abc\u00a0");
  });

  test("finds names that repeat themselves", () => {
    assert.equal(readCookie("aaa=1; aa=2; aaaa=3", "aa"), "2");
    assert.equal(readCookie("-a-a=1; a-a=2", "a-a"), "2");
  });

  test("finds nothing under an empty name", () => assert.equal(readCookie("=abc; a=1", ""), undefined));

  test("looks at each character a bounded number of times", () => {
    const hostile = [
      ";",
      " ",
      "=",
      name,
      `${name} `,
      `${name}=;`,
      `;${name}`,
      ` ${name}`,
      `${name} \t`,
      "_",
      "__Host-",
    ];
    for (const unit of hostile) {
      for (const ending of ["", "=", `${name}=1`, `;${name}=1`]) {
        const text = new CountedText(unit.repeat(5_000) + ending);
        readCookie(text as unknown as string, name);
        assert.ok(
          text.looks <= 4 * text.length + 100,
          `${JSON.stringify(unit)}: ${text.looks} of ${text.length}`,
        );
      }
    }
  });
});

/** A string that counts how many of its characters were looked at. */
class CountedText {
  readonly #text: string;
  looks = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(at: number): number {
    this.looks++;
    return this.#text.charCodeAt(at);
  }

  indexOf(sought: string, from = 0): number {
    const at = this.#text.indexOf(sought, from);
    this.looks += (at === -1 ? this.length : at + sought.length) - from;
    return at;
  }

  slice(from: number, to: number): string {
    this.looks += to - from;
    return this.#text.slice(from, to);
  }
}

describe("resolveCookie", () => {
  // Proves ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, WSTG-SESS-02, NIST 5.1.1.
  test("without options is __Host-, Lax, for the whole host, gone with the browser", () => {
    assert.deepEqual(resolveCookie(), {
      name: "__Host-session",
      sameSite: "Lax",
      path: "/",
      domain: undefined,
      persistent: false,
    });
  });

  const sound: readonly CookieOptions[] = [
    { name: "session_token" },
    { name: "sid", domain: "example.com", path: "/app" },
    { name: "__Secure-sid", domain: "example.com" },
    { name: "__Http-sid", path: "/app" },
    { name: "__Host-Http-sid" },
    { sameSite: "none" },
    { sameSite: "strict", persistent: true },
    { name: "sid", path: `/${"p".repeat(1023)}` },
  ];
  for (const options of sound) {
    test(`accepts ${JSON.stringify(options).slice(0, 80)}`, () => void resolveCookie(options));
  }

  const refused: readonly (readonly [why: string, options: CookieOptions])[] = [
    ["an empty name", { name: "" }],
    ["a name with a space", { name: "my session" }],
    ["a name with an equals sign", { name: "a=b" }],
    ["a name that is not ASCII", { name: "s\u00e9ance" }],
    ["a name with a no-break space", { name: "\u00a0__Host-session" }],
    ["a name that is only a prefix", { name: "__Host-" }],
    ["a name that leaves no room for a value", { name: "n".repeat(4096) }],
    ["__Host- with a domain", { domain: "example.com" }],
    ["__Host- with a path", { path: "/app" }],
    ["__host- with a domain, for browsers ignore case", { name: "__host-x", domain: "example.com" }],
    ["__HOST- with a path", { name: "__HOST-x", path: "/app" }],
    ["__Host-Http- with a domain", { name: "__Host-Http-x", domain: "example.com" }],
    ["an unknown sameSite", { sameSite: "Lax; Domain=evil.example" as "lax" }],
    ["a sameSite from a prototype", { sameSite: "constructor" as "lax" }],
    ["an empty path", { name: "sid", path: "" }],
    ["a path without a leading slash", { name: "sid", path: "app" }],
    ["a path of more than 1024 characters", { name: "sid", path: `/${"p".repeat(1024)}` }],
    ["an empty domain", { name: "sid", domain: "" }],
    ["a domain with a leading dot", { name: "sid", domain: ".example.com" }],
    ["a domain with a port", { name: "sid", domain: "example.com:443" }],
  ];
  for (const [why, options] of refused) {
    test(`refuses ${why}`, () => assert.throws(() => resolveCookie(options), TypeError));
  }

  for (const forbidden of [";", "\r", "\n", "\0", "\t", "\x1f", "\x7f", "\u00e9"]) {
    const shown = JSON.stringify(forbidden);
    test(`CVE-2024-47764, CVE-2026-47675: refuses ${shown} in name, path, domain and sameSite`, () => {
      const plain = { name: "sid", path: "/app", domain: "example.com", sameSite: "lax" } as const;
      for (const field of Object.keys(plain) as (keyof typeof plain)[]) {
        const injected = { ...plain, [field]: `${plain[field]}${forbidden}` };
        assert.throws(() => resolveCookie(injected), TypeError, field);
      }
    });
  }
});

describe("serializeCookie", () => {
  const settings = resolveCookie();

  test("RFC 10025 §4.1.2.7: always writes SameSite, and by default no lifetime", () => {
    assert.equal(
      serializeCookie(settings, "abc", { secure: true }),
      "__Host-session=abc; HttpOnly; SameSite=Lax; Path=/; Secure",
    );
  });

  test("writes every attribute once and in one order", () => {
    const wide = resolveCookie({ name: "sid", sameSite: "strict", path: "/app", domain: "example.com" });
    assert.equal(
      serializeCookie(wide, "abc", { maxAge: 1800, secure: true }),
      "sid=abc; HttpOnly; Max-Age=1800; SameSite=Strict; Path=/app; Domain=example.com; Secure",
    );
  });

  test("leaves out Secure where it was told to", () => {
    const local = resolveCookie({ name: plainName("__Host-session") });
    assert.equal(
      serializeCookie(local, "abc", { secure: false }),
      "session=abc; HttpOnly; SameSite=Lax; Path=/",
    );
  });

  test("RFC 10025 §5.5: caps Max-Age at 400 days and writes whole seconds", () => {
    const maxAges = [
      [Number.POSITIVE_INFINITY, 34_560_000],
      [34_560_001, 34_560_000],
      [1799.9, 1799],
      [0, 0],
      [-1, 0],
    ] as const;
    for (const [maxAge, written] of maxAges) {
      const cookie = serializeCookie(settings, "abc", { maxAge, secure: true });
      assert.match(cookie, new RegExp(`; Max-Age=${written};`));
    }
    assert.throws(() => serializeCookie(settings, "abc", { maxAge: Number.NaN, secure: true }), TypeError);
  });

  // Proves ASVS 3.3.5.
  test("RFC 10025 §5.6: refuses name and value of more than 4096 characters together", () => {
    const room = 4096 - settings.name.length;
    assert.ok(serializeCookie(settings, "x".repeat(room), { secure: true }));
    assert.throws(() => serializeCookie(settings, "x".repeat(room + 1), { secure: true }), TypeError);
  });

  test("CVE-2024-47764: refuses a value that would end early, and does not repeat it in the error", () => {
    for (const character of [";", ",", " ", '"', "\\", "\r", "\n", "\0", "\x7f", "\u00e9"]) {
      const write = () => serializeCookie(settings, `s3cret${character}x`, { secure: true });
      assert.throws(write, (error: Error) => error instanceof TypeError && !error.message.includes("s3cret"));
    }
  });

  test("refuses what browsers drop without Secure: prefixed names and SameSite=None", () => {
    for (const options of [
      {},
      { name: "__secure-sid" },
      { name: "__Http-sid" },
      { name: "s", sameSite: "none" },
    ]) {
      const insecure = resolveCookie(options as CookieOptions);
      assert.throws(() => serializeCookie(insecure, "abc", { secure: false }), TypeError);
      assert.throws(() => expireCookie(insecure, { secure: false }), TypeError);
    }
  });

  test("is read back by readCookie, whatever the token", () => {
    const octets = fc.string({
      unit: fc.constantFrom(..."AZaz09-_.~=!#$%&'()*+/:<>?@[]^`{|}"),
      maxLength: 200,
    });
    fc.assert(
      fc.property(octets, (value) => {
        const [pair = ""] = serializeCookie(settings, value, { secure: true }).split("; ");
        assert.equal(readCookie(`a=1; ${pair}; b=2`, settings.name), value);
      }),
      { numRuns: 1_000, seed: 10_025, verbose: true },
    );
  });
});

describe("expireCookie", () => {
  test("RFC 10025 §3.1, RFC 10025 §4.1.1: repeats the attributes, with an empty value, Max-Age=0 and an IMF-fixdate in 1970", () => {
    const wide = resolveCookie({
      name: "__Secure-sid",
      sameSite: "none",
      path: "/app",
      domain: "example.com",
    });
    assert.equal(
      expireCookie(wide, { secure: true }),
      "__Secure-sid=; HttpOnly; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=None; Path=/app; Domain=example.com; Secure",
    );
  });
});

describe("plainName", () => {
  test("drops every prefix, in any case", () => {
    const names = [
      "__Host-sid",
      "__Secure-sid",
      "__http-sid",
      "__Host-Http-sid",
      "__HOST-__Secure-sid",
      "sid",
    ];
    for (const prefixed of names) assert.equal(plainName(prefixed), "sid");
  });

  test("keeps a prefix that stands elsewhere", () => assert.equal(plainName("x__Host-sid"), "x__Host-sid"));
});
