/** Writes a mail out: the same as plain text and as HTML, with nothing in it that a mail program would load. */
import { html } from "hono/html";
import type { Mail } from "./mail.ts";
import { type LetterWords, wordsOf } from "./words.ts";

export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Occasion {
  /** The public origin, without a trailing slash. */
  readonly origin: string;
  /** Whose account it is about. */
  readonly email: string;
  /** Where the one-time link leads. */
  readonly link: string;
}

export async function writeLetter(
  mail: Mail,
  words: LetterWords,
  { origin, email, link }: Occasion,
): Promise<Letter> {
  const said = wordsOf(mail, words, origin);
  const facts: readonly (readonly [name: string, value: string])[] = [
    [words.account, `${email}, ${new URL(origin).host}`],
    [words.time, timeIn(words, mail.at)],
    [words.address, mail.ip ?? words.unknownAddress],
    [words.device, mail.device],
  ];
  const lines = facts.map(([name, value]) => `${name}: ${value}`).join("\n");
  const text = [said.opening, lines, said.advice, `${said.link}:\n${link}`, said.closing].join("\n\n");
  const rows = facts.map(
    ([name, value]) =>
      html`<tr><td style="padding:2px 16px 2px 0;color:#55635e">${name}</td><td>${value}</td></tr>`,
  );
  const page = html`<!doctype html>
<html lang="${words.locale}">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${said.subject}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:36rem">
<p>${said.opening}</p>
<table role="presentation" style="border-spacing:0">${rows}</table>
<p>${said.advice}</p>
<p><a href="${link}" style="display:inline-block;padding:8px 16px;border-radius:8px;background:#0b5d50;color:#fff">${said.link}</a></p>
<p style="color:#55635e">${said.closing}</p>
</div>
</body>
</html>`;
  return { subject: said.subject, text: `${text}\n`, html: String(await page) };
}

/** With its zone: whoever reads it may be anywhere. */
function timeIn({ locale }: LetterWords, at: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "long", timeZone: "UTC" }).format(
    at,
  );
}
