/** Points in time, in words, with the exact time on hover and for programs. */
import { type Html, html } from "./html.ts";

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long", timeZone: "UTC" });

export function moment(time: number, now: number): Html {
  return html`<time datetime="${new Date(time).toISOString()}" title="${exact.format(time)}">${inWords(time, now)}</time>`;
}

/** A day to come, such as "22 December 2030". */
export function calendarDay(time: number): Html {
  return html`<time datetime="${new Date(time).toISOString()}" title="${exact.format(time)}">${day.format(time)}</time>`;
}

export function inWords(time: number, now: number): string {
  const distance = time - now;
  const [unit, size] = units.find(([, size]) => Math.abs(distance) >= size) ?? [];
  return unit ? relative.format(Math.trunc(distance / size!), unit) : "just now";
}
