/** A device as a card: what it is, where it was, and since when. */
import type { ClientInfo, DormantBrowser, Session } from "coatcheck";
import { lookOf } from "../device-name.ts";
import type { Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";
import { calendarDay, moment } from "./moment.ts";
import { type Content, facts, tag } from "./parts.ts";

type Fact = readonly [name: string, value: Content];

/** @param endPath where signing it out is asked for. */
export function sessionCard(
  words: Words,
  session: Session,
  isThis: boolean,
  now: number,
  endPath = "/devices/end",
): Html {
  const { devices: said } = words;
  const link = isThis ? "" : endLink(words, session, endPath);
  return html`<li class="sheet device ${isThis ? "this" : ""}">
    ${glyph(session.client)}
    <h2>${deviceTitle(words, session.client)}${isThis ? html` ${tag(said.thisDevice)}` : ""}</h2>
    ${link}
    ${facts(sessionFacts(words, session, isThis, now))}
  </li>`;
}

/** A browser whose session has ended by itself: it comes back without a password. */
export function dormantCard(
  words: Words,
  browser: DormantBrowser,
  now: number,
  endPath = "/devices/end",
): Html {
  const { devices: said } = words;
  return html`<li class="sheet device asleep">
    ${glyph(browser.client)}
    <h2>${deviceTitle(words, browser.client)} ${tag(said.asleep, "quiet")}</h2>
    ${endLink(words, browser, endPath)}
    <p class="quiet">${said.asleepHint}</p>
    ${facts(dormantFacts(words, browser, now))}
  </li>`;
}

export function sessionFacts(words: Words, session: Session, isThis: boolean, now: number): Fact[] {
  const { client, lastSeenAt, createdAt, rememberedUntil, amr } = session;
  const { devices: said } = words;
  const isRemembered = amr.includes("remember");
  return [
    [isRemembered ? said.cameBack : said.signedIn, moment(words, createdAt, now)],
    [said.lastActive, isThis ? said.activeNow : moment(words, lastSeenAt, now)],
    [said.address, addressOf(words, client)],
    [said.how, isRemembered ? said.byRemembering : said.byPassword],
    ...until(words, rememberedUntil),
  ];
}

export function dormantFacts(words: Words, browser: DormantBrowser, now: number): Fact[] {
  const { client, lastUsedAt, createdAt, rememberedUntil } = browser;
  const { devices: said } = words;
  return [
    [said.signedIn, moment(words, createdAt, now)],
    [said.lastCameBack, moment(words, lastUsedAt, now)],
    [said.address, addressOf(words, client)],
    ...until(words, rememberedUntil),
  ];
}

function until(words: Words, time: number | undefined): Fact[] {
  return time === undefined ? [] : [[words.devices.staysUntil, calendarDay(words, time)]];
}

/** "Firefox on Windows" */
export function deviceTitle({ device }: Words, { userAgent }: ClientInfo): string {
  if (!userAgent) return device.unknown;
  const { browser = device.unknownProgram, system } = lookOf(userAgent);
  return system ? device.on(browser, system) : browser;
}

export function addressOf({ frame }: Words, { ip }: ClientInfo): string {
  return ip ?? frame.unknownAddress;
}

function endLink(words: Words, { id, client }: Pick<Session, "id" | "client">, endPath: string): Html {
  const { end, endNamed } = words.devices;
  const name = endNamed(deviceTitle(words, client), addressOf(words, client));
  return html`<a class="button danger small" href="${endPath}?session=${id}" aria-label="${name}">${end}</a>`;
}

const shapes: Readonly<Record<ReturnType<typeof lookOf>["kind"], Html>> = {
  phone: html`<rect x="7" y="2.5" width="10" height="19" rx="2.2"/><path d="M11 18.5h2"/>`,
  computer: html`<rect x="3" y="4" width="18" height="12" rx="1.8"/><path d="M8.5 20h7M12 16v4"/>`,
  program: html`<rect x="3" y="4" width="18" height="16" rx="2"/><path d="m7 9 3 3-3 3m5 0h5"/>`,
};

export function glyph({ userAgent }: ClientInfo): Html {
  const { kind } = lookOf(userAgent ?? "");
  return html`<svg class="glyph" viewBox="0 0 24 24" width="36" height="36" aria-hidden="true">${shapes[kind]}</svg>`;
}
