import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mailPatience, nextAttempt } from "../../src/mail/backoff.ts";
import { writeLetter } from "../../src/mail/letter.ts";
import type { Mail } from "../../src/mail/mail.ts";
import { letterWordsIn } from "../../src/mail/words.ts";
import { languages, preferredLanguage } from "../../src/words/language.ts";

const about = {
  userId: "ada",
  at: Date.UTC(2026, 6, 1, 14, 3),
  ip: "192.0.2.1",
  device: "Firefox on Windows",
};
const mails: readonly Mail[] = [
  { kind: "new-device", ...about, sessionId: "x", isLast: false },
  { kind: "new-device", ...about, sessionId: "x", isLast: true },
  { kind: "theft", ...about, by: "outdated-copy" },
  { kind: "theft", ...about, by: "other-browser" },
  { kind: "password-changed", ...about, sessionId: "x" },
  { kind: "password-changed", ...about },
  { kind: "password-reset", ...about, email: "ada@example.com" },
];
const occasion = {
  origin: "https://example.com",
  email: "ada@example.com",
  link: "https://example.com/x?code=y",
};

describe("a letter", () => {
  for (const language of languages) {
    test(`says the same as text and as HTML, and has nothing left to fill in (${language})`, async () => {
      const texts = new Set<string>();
      for (const mail of mails) {
        const { subject, text, html } = await writeLetter(mail, letterWordsIn(language), occasion);
        const plain = html.replace(/<title>.*?<\/title>|<[^>]+>/g, " ").replace(/\s+/g, " ");
        const paragraphs = text.split("\n\n").filter((part) => !part.includes(": 192.0.2.1"));
        for (const paragraph of paragraphs) {
          const words = paragraph.replace(`:\n${occasion.link}`, "").trim();
          assert.ok(plain.includes(words), words);
        }
        assert.ok(html.includes(`href="${occasion.link}"`) && text.includes(occasion.link));
        assert.doesNotMatch(subject + text + html, /undefined|null|\[object|NaN|Invalid/);
        assert.doesNotMatch(subject, /\n/);
        texts.add(text);
      }
      assert.equal(texts.size, mails.length);
    });
  }

  test("tells the time with its zone, and that an address is not known", async () => {
    const unknown: Mail = { kind: "theft", by: "outdated-copy", userId: "ada", at: about.at, device: "curl" };
    const english = await writeLetter(unknown, letterWordsIn("en"), occasion);
    assert.match(english.text, /Time: 1 July 2026 at 14:03:00 UTC\nFrom address: unknown\nDevice: curl\n/);
    const russian = await writeLetter(unknown, letterWordsIn("ru"), occasion);
    assert.match(
      russian.text,
      /Время: 1 июля 2026 г\. в 14:03:00 UTC\nС адреса: неизвестен\nУстройство: curl\n/,
    );
  });

  test("has as text whatever names itself like markup", async () => {
    const evil = `"><script>alert('1')</script>&`;
    const mail: Mail = { ...about, kind: "theft", by: "outdated-copy", device: evil, ip: evil };
    const { html } = await writeLetter(mail, letterWordsIn("en"), { ...occasion, email: evil });
    assert.doesNotMatch(html, /<script|<\/td>&/);
    assert.equal(html.match(/&quot;&gt;&lt;script&gt;/g)?.length, 3);
  });
});

test("the language is the one of ours that the browser likes best", () => {
  const preferred: Record<string, string | undefined> = {
    "en-GB,en;q=0.9": "en",
    "ru-RU,ru;q=0.9,en;q=0.8": "ru",
    "de,ru;q=0.3,en;q=0.5": "en",
    "de, RU ; q=0.5": "ru",
    "en;q=0,ru;q=0.1": "ru",
    "ru;q=x,en;q=0.1": "en",
    "de-DE,de": undefined,
    "*": undefined,
    "": undefined,
    "rus,english": undefined,
    ",;,q=,;q=1": undefined,
  };
  for (const [header, language] of Object.entries(preferred)) {
    assert.equal(preferredLanguage(header), language, header);
  }
  assert.equal(preferredLanguage(undefined), undefined);
});

test("pauses between attempts double up to six hours, and end after three days", () => {
  const minute = 60_000;
  const pauses: number[] = [];
  let now = 0;
  for (let attempts = 1; ; attempts++) {
    const due = nextAttempt(0, attempts, now);
    if (due === undefined) break;
    pauses.push((due - now) / minute);
    now = due;
  }
  assert.deepEqual(pauses.slice(0, 11), [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
  assert.ok(now <= mailPatience && now > mailPatience - 6 * 60 * minute);
});
