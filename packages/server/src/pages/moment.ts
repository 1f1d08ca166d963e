/** Points in time, in words, with the exact time on hover and for programs. */
import type { Language } from "../words/language.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

interface Formats {
  readonly relative: Intl.RelativeTimeFormat;
  /** "in 1 minute", never "tomorrow": what is waited for is counted. */
  readonly waiting: Intl.RelativeTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly exact: Intl.DateTimeFormat;
  readonly clock: Intl.DateTimeFormat;
  readonly shortDay: Intl.DateTimeFormat;
}

function formatsFor(locale: string): Formats {
  return {
    relative: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
    waiting: new Intl.RelativeTimeFormat(locale),
    day: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }),
    clock: new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone: "UTC" }),
    shortDay: new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }),
    exact: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long", timeZone: "UTC" }),
  };
}

const formats: Readonly<Record<Language, Formats>> = { en: formatsFor("en-GB"), ru: formatsFor("ru") };

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365.25 * 86_400_000],
  ["month", 30.4375 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** "3 hours ago" */
export function moment(words: Words, time: number, now: number): Html {
  return timeElement(words, time, inWords(words, time, now));
}

/** A day to come, such as "22 Dec 2030". */
export function calendarDay(words: Words, time: number): Html {
  return timeElement(words, time, formats[words.language].day.format(time));
}

/** "14:03", "22 Dec" */
export function shortTime({ language }: Words, time: number, isDay: boolean): string {
  return formats[language][isDay ? "shortDay" : "clock"].format(time);
}

/** "22 Dec 2030, 14:03:00 UTC" */
export function exactTime(words: Words, time: number): string {
  return formats[words.language].exact.format(time);
}

function timeElement(words: Words, time: number, text: string): Html {
  return html`<time datetime="${new Date(time).toISOString()}" title="${exactTime(words, time)}">${text}</time>`;
}

export function inWords({ language, frame }: Words, time: number, now: number): string {
  const distance = time - now;
  const [unit, size] = units.find(([, size]) => Math.abs(distance) >= size) ?? [];
  if (!unit || unit === "second") return frame.justNow;
  return formats[language].relative.format(Math.trunc(distance / size!), unit);
}

/** "in 5 minutes". Rounded up: who comes back then is let in. */
export function waitInWords({ language }: Words, seconds: number): string {
  const [unit, size] = units.find(([, size]) => seconds * 1_000 > size) ?? (["second", 1_000] as const);
  return formats[language].waiting.format(Math.ceil((seconds * 1_000) / size), unit);
}
