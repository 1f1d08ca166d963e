import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { madeOf, nearly, wildHeader, wildText } from "../../../../test/fuzz/texts.ts";
import { emailFault, emailKey, partOfEmailKey, tidyEmail } from "../../src/accounts/email.ts";
import { codeHash } from "../../src/accounts/one-time-code.ts";
import { passwordFault } from "../../src/accounts/password-rules.ts";
import { csvLine } from "../../src/audit/csv.ts";
import { deviceName, lookOf } from "../../src/device-name.ts";
import { nearest } from "../../src/nearest.ts";
import { nextPath } from "../../src/pages/next-path.ts";
import { languageOf, languages, preferredLanguage } from "../../src/words/language.ts";

describe("where to go after signing in", () => {
  const pieces = [
    "/",
    "\\",
    "//",
    "@",
    ":",
    "%2f",
    "%0d%0a",
    "..",
    ".",
    "\r",
    "\n",
    "\t",
    "a",
    "?",
    "=",
    "&",
    "#",
  ];
  const paths = fc.oneof(
    madeOf(...pieces, "evil.example", "javascript:", "https:"),
    nearly(fc.constantFrom("/", "/devices", "/admin/audit?page=2&user=ada.l", "/a-b/c_d?x=")),
    wildText,
  );

  test(
    "is no error and stays on this site, whatever was asked for (CVE-2022-31093, ASVS 3.7.2)",
    holds(
      fc.property(paths, (text) => {
        const accepted = nextPath(text);
        if (accepted === undefined) return;
        assert.equal(accepted, text);
        const url = new URL(accepted, "https://here.example/login");
        assert.equal(url.origin, "https://here.example");
        // As it is read by browsers it is what was looked at: nothing in it was hidden.
        assert.equal(url.pathname + url.search, accepted.replace(/\?$/, ""));
        assert.ok(accepted.length <= 256);
      }),
      { runs: 1_000 },
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    assertLinear(
      nextPath,
      pumpsOf("/", "a", "/a", "?a=", "&a=a", "a-", ".").map((pump) => ({ ...pump, before: "/" })),
    );
    assert.equal(nextPath(`/${"a".repeat(256)}`), undefined);
  });
});

describe("the language that a browser asks for", () => {
  const tags = fc.constantFrom("en", "en-GB", "ru", "ru-RU", "de", "*", "RU");
  const qualities = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);

  test(
    "is one of ours or none, whatever the header says",
    holds(
      fc.property(
        fc.oneof(madeOf("en", "ru", ",", ";", "q=", "0.5", "-", " ", "*"), wildHeader, wildText),
        (header) => {
          const language = preferredLanguage(header);
          assert.ok(language === undefined || languages.includes(language));
          assert.ok([undefined, header].includes(languageOf(header)));
        },
      ),
      { runs: 1_000 },
    ),
  );

  test(
    "is the one that it likes best, and never one that it does not want",
    holds(
      fc.property(fc.array(fc.tuple(tags, qualities), { maxLength: 6 }), (liked) => {
        const header = liked.map(([tag, quality]) => `${tag};q=${quality}`).join(", ");
        const ours = liked
          .map(([tag, quality]) => ({ name: languageOf(tag.toLowerCase().split("-")[0]), quality }))
          .filter(({ name, quality }) => name !== undefined && quality > 0);
        const best = Math.max(...ours.map(({ quality }) => quality));
        const language = preferredLanguage(header);
        if (ours.length === 0) assert.equal(language, undefined);
        else assert.ok(ours.some(({ name, quality }) => name === language && quality === best));
      }),
    ),
  );

  test("is looked for in the first 256 characters, which costs work that grows no faster than they do", () => {
    assert.equal(preferredLanguage(`${",".repeat(254)}ru`), "ru");
    assert.equal(preferredLanguage(`${",".repeat(256)}ru`), undefined);
    assertLinear(preferredLanguage, pumpsOf(",", ";", " ", "en,", "en;q=1,", "q=", "-"));
  });
});

describe("what a device is called", () => {
  const agents = fc.oneof(
    madeOf(
      "Mozilla/5.0",
      " ",
      "(",
      ")",
      ";",
      "Windows NT 10.0",
      "Firefox/140.0",
      "Chrome/1",
      "Safari/",
      "Android",
      "Version/",
    ),
    nearly(fc.constant("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0")),
    wildHeader,
    wildText,
  );

  test(
    "is a short name, in which nobody can say anything",
    holds(
      fc.property(agents, (userAgent) => {
        assert.match(deviceName(userAgent), /^[\w .+-]{1,80}$/);
        if (userAgent !== "") assert.ok(["phone", "computer", "program"].includes(lookOf(userAgent).kind));
      }),
      { runs: 300 },
    ),
  );

  test("costs work that grows with the length of what it calls itself, of which 512 characters are kept", () => {
    const kept = (text: string) => deviceName(text.slice(0, 512));
    assertLinear(kept, pumpsOf(" ", "a", "/", "1.", "Mozilla/5.0 ", "(", "Chrome/"));
  });
});

describe("a line of CSV", () => {
  const cells = fc.array(
    fc.oneof(madeOf("=", "+", "-", "@", "\0", '"', ",", "\r", "\n", "\t", "a", "'", "1"), wildText),
    {
      minLength: 1,
      maxLength: 5,
    },
  );

  test(
    "has the cells that were given, and none that a spreadsheet would run",
    holds(
      fc.property(cells, (given) => {
        const line = csvLine(given);
        const read = cellsIn(line);
        assert.equal(read.length, given.length);
        for (const [at, cell] of read.entries()) {
          assert.doesNotMatch(cell, /^[=+\-@\t\r\n\0]/);
          assert.equal(cell, cell === given[at] ? given[at] : `'${given[at]}`);
        }
      }),
      { runs: 1_000 },
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    assertLinear((text) => csvLine([text, text]), pumpsOf('"', ",", "\n", "=", "a"));
  });
});

describe("an e-mail address", () => {
  const addresses = fc.oneof(
    nearly(
      fc.constantFrom(
        "ada@example.com",
        "Ада@пример.рф",
        "ada@EXAMPLE.com",
        "a@xn--e1afmkfd.xn--p1ai",
        "a@127.1",
      ),
    ),
    madeOf("a", "@", ".", "example", "\u0130", "\u00df", "ﬁ", "\u212b", " ", "xn--", "\u200d", "\uff20", "["),
    fc.emailAddress(),
    wildText,
  );

  test(
    "that is taken has one @ and one key, and its key is its own key; one that is not is no error",
    holds(
      fc.property(addresses, wildText, (text, part) => {
        partOfEmailKey(part);
        const key = emailKey(text);
        if (emailFault(text)) return;
        const address = tidyEmail(text);
        assert.equal(tidyEmail(address), address);
        assert.equal(emailFault(address), undefined);
        assert.equal(emailKey(address), key);
        assert.equal(emailKey(key), key);
        for (const each of [address, key]) assert.match(each, /^[^\s\p{C}@<>,;:"]+@[^\s\p{C}@<>,;:"]+$/u);
      }),
      { runs: 500 },
    ),
  );

  test(
    "and a password are judged, whatever they are",
    holds(
      fc.property(addresses, fc.oneof(wildText, madeOf("ada", "example", "1", "а")), (email, password) => {
        const fault = passwordFault(password, email);
        if (fault === undefined)
          assert.ok(password.isWellFormed() && [...password.normalize("NFC")].length >= 15);
        assert.match(codeHash(password), /^[\w-]{43}$/);
      }),
    ),
  );

  test("cost work that grows with their length and no faster", () => {
    const pumps = pumpsOf("a", "@", ".", "a@", "a.", " ", "\u0130", "\u00a0", "-");
    assertLinear(emailFault, pumps);
    assertLinear(emailKey, pumps);
    assertLinear(
      (text) => passwordFault(text, "ada@example.com"),
      pumpsOf("a", "ada", "example.com", "1", "\u0301"),
    );
    assertLinear((text) => passwordFault("tea kettle upstairs window", text), pumpsOf("a", "@", ".", "te"));
    assertLinear(codeHash, pumpsOf(" ", "a", " a"));
    assertLinear(
      (text) => nearest(text, ["COATCHECK_ORIGIN", "COATCHECK_DATABASE"]),
      pumpsOf("C", "_", "COATCHECK_"),
    );
  });
});

/** Reads one line as RFC 4180 tells it. */
function cellsIn(line: string): string[] {
  assert.ok(line.endsWith("\r\n"));
  const cells: string[] = [];
  let rest = `,${line.slice(0, -2)}`;
  while (rest !== "") {
    const [whole, quoted, plain] =
      /^,(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?=,|$)/.exec(rest) ?? assert.fail(rest);
    cells.push(quoted?.replaceAll('""', '"') ?? plain!);
    rest = rest.slice(whole!.length);
  }
  return cells;
}
