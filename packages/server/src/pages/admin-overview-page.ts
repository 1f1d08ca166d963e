/** What happens, at a glance: the landing page of the administration. */
import type { Context, Hono } from "hono";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import { grains } from "../figures/figure.ts";
import {
  type Overview,
  overviewOf,
  type Period,
  type Piece,
  periods,
  type Reason,
} from "../figures/overview.ts";
import { formatted } from "../words/plural.ts";
import type { Words } from "../words/words.ts";
import { adminTabs } from "./admin-tabs.ts";
import { barChart, leastScale, lineChart, ranking } from "./chart.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { livePart, partOf } from "./live-part.ts";
import { moment, shortTime } from "./moment.ts";
import { facts, heading, table, tabs } from "./parts.ts";

const path = "/admin";

export function adminOverviewPage(app: Hono<AppEnv>, { figures, sessions }: House): void {
  app.get(path, async (c) => {
    const { words } = c.var;
    const { overview: said } = words.admin;
    const period = periodOf(c);
    const body = await board(words, period);
    return page(c, () => ({
      title: said.title,
      width: "wide",
      scripts: [assets.livePart],
      body: html`${adminTabs(c)}${heading(said.title, said.lead)}
        ${tabs(
          said.periods,
          periods.map((each) => ({ name: said[each], href: hrefOf(each), isHere: each === period })),
        )}
        ${livePart(words, { on: "figures", path: hrefOf(period), body })}`,
    }));
  });

  app.get(partOf(path), async (c) => c.html(await board(c.var.words, periodOf(c))));

  async function board(words: Words, period: Period): Promise<Html> {
    const overview = await overviewOf(figures, period, sessions.now());
    return html`${tiles(words, overview)}
      <div class="board">
        ${signInsSheet(words, overview)}${aliveSheet(words, overview)}${storeSheet(words, overview)}
        ${reasonSheets(words, overview)}${addressSheet(words, overview)}
      </div>
      ${figureTable(words, overview)}`;
  }
}

function periodOf(c: Context<AppEnv>): Period {
  const asked = c.req.query("period");
  return periods.find((each) => each === asked) ?? "hour";
}

function hrefOf(period: Period): string {
  return period === "hour" ? path : `${path}?period=${period}`;
}

function tiles(words: Words, { totals, census, rejections, at }: Overview): Html {
  const { overview: said } = words.admin;
  const { signedIn, cameBack, failed, rejected } = totals;
  const signIns = signedIn + cameBack;
  const [most] = rejections;
  return html`<ul class="tiles">
    ${tile(words, said.alive, "/admin/sessions", census?.alive, census ? said.counted(moment(words, census.countedAt, at)) : said.notCounted)}
    ${tile(words, said.signIns, "/admin/audit?event=created", signIns, said.cameBack(cameBack))}
    ${tile(words, said.failed, "/admin/audit?event=sign-in-failed", failed, signedIn + failed === 0 ? said.noAttempts : said.ofAttempts(percent(words, failed / (signedIn + failed))))}
    ${tile(words, said.rejected, "/admin/audit?event=rejected", rejected, most ? said.mostly(nameOf(said.rejectionNames, most.reason)) : said.none)}
  </ul>`;
}

/** A number, and the way to what it counts. */
function tile(
  words: Words,
  name: string,
  href: string,
  count: number | undefined,
  more: Html | string,
): Html {
  return html`<li class="sheet leads"><h2><a href="${href}">${name}</a></h2><span class="figure">${readable(words, count)}</span><p>${more}</p></li>`;
}

function signInsSheet(words: Words, overview: Overview): Html {
  const { overview: said } = words.admin;
  const { pieces, totals } = overview;
  const signIns = totals.signedIn + totals.cameBack;
  const bars = pieces.map((piece) => ({
    title: `${startOf(words, overview, piece)}: ${said.signIns} ${piece.signedIn + piece.cameBack}, ${said.failed} ${piece.failed}`,
    up: [piece.signedIn, piece.cameBack],
    down: piece.failed,
  }));
  const highest = Math.max(leastScale, ...pieces.map(({ signedIn, cameBack }) => signedIn + cameBack));
  return html`<section class="sheet whole"><h2>${said.signInsTitle}</h2>
    ${barChart(bars, {
      label: said.signInsSeen(signIns, totals.failed),
      top: formatted(words.language, highest),
      axis: axisOf(words, overview),
      legend: [
        ["filled", said.withPassword],
        ["outlined", said.remembered],
        ["below", said.failedBelow],
      ],
    })}</section>`;
}

function aliveSheet(words: Words, overview: Overview): Html {
  const { overview: said } = words.admin;
  const { census } = overview;
  const counts = overview.pieces.flatMap(({ alive }) => alive ?? []);
  const most = Math.max(0, ...counts);
  const points = overview.pieces.map((piece) => ({
    title: `${startOf(words, overview, piece)}: ${number(words, piece.alive)}`,
    value: piece.alive,
  }));
  return html`<section class="sheet half"><h2>${said.sessions}</h2>
    ${facts([
      [said.now, number(words, census?.alive)],
      [said.least, number(words, counts.length === 0 ? undefined : Math.min(...counts))],
      [said.most, number(words, counts.length === 0 ? undefined : most)],
    ])}
    ${lineChart(points, {
      label: said.aliveSeen(counts.length === 0 ? 0 : Math.min(...counts), most),
      top: formatted(words.language, Math.max(leastScale, most)),
      axis: axisOf(words, overview),
    })}</section>`;
}

function storeSheet(words: Words, overview: Overview): Html {
  const { overview: said } = words.admin;
  const { latency, pieces } = overview;
  const slowest = Math.max(0, ...pieces.flatMap(({ p99 }) => p99 ?? []));
  const bars = pieces.map((piece) => ({
    title: `${startOf(words, overview, piece)}: ${took(words, piece.p99)}`,
    up: [levelOf(piece.p99)],
  }));
  return html`<section class="sheet half store"><h2>${said.store}</h2>
    ${facts([
      [said.p50, took(words, latency.p50)],
      [said.p99, took(words, latency.p99)],
      [said.answers, readable(words, latency.operations)],
      [said.unanswered, readable(words, latency.failed)],
    ])}
    ${barChart(bars, {
      label: said.storeSeen(took(words, slowest || undefined)),
      top: took(words, slowest || undefined),
      axis: axisOf(words, overview),
      legend: [["filled", said.storeLegend]],
    })}</section>`;
}

/** On a scale on which 0.1 ms is seen beside a second. */
function levelOf(milliseconds: number | undefined): number {
  return milliseconds === undefined ? 0 : Math.log10(milliseconds / 0.05);
}

function reasonSheets({ language, admin: { overview: said } }: Words, { rejections, ends }: Overview): Html {
  const sheet = (
    title: string,
    names: Readonly<Record<string, string>>,
    reasons: readonly Reason[],
    none: string,
    hint?: string,
  ) =>
    html`<section class="sheet"><h2>${title}</h2>${hint === undefined ? "" : html`<p class="hint">${hint}</p>`}${
      reasons.length === 0
        ? html`<p class="quiet">${none}</p>`
        : ranking(
            language,
            reasons.map(({ reason, count }) => ({ name: nameOf(names, reason), count })),
          )
    }</section>`;
  return html`${sheet(said.rejections, said.rejectionNames, rejections, said.noRejections, said.rejectionsHint)}${sheet(said.ends, said.endNames, ends, said.noEnds)}`;
}

function addressSheet({ language, admin: { overview: said } }: Words, { addresses }: Overview): Html {
  return html`<section class="sheet"><h2>${said.addresses}</h2>${
    addresses.length === 0
      ? html`<p class="quiet">${said.noAddresses}</p>`
      : ranking(
          language,
          addresses.map(({ address, count }) => ({ name: html`<code>${address}</code>`, count })),
        )
  }</section>`;
}

/** For those who cannot see the charts, and those who want to know exactly. The newest first. */
function figureTable(words: Words, overview: Overview): Html {
  const { overview: said } = words.admin;
  const columns = [
    said.from,
    said.withPassword,
    said.remembered,
    said.failed,
    said.rejected,
    said.alive,
    said.p99,
  ];
  const rows = overview.pieces
    .toReversed()
    .map((piece) => [
      html`<time datetime="${new Date(piece.start).toISOString()}">${startOf(words, overview, piece)}</time>`,
      number(words, piece.signedIn),
      number(words, piece.cameBack),
      number(words, piece.failed),
      number(words, piece.rejected),
      number(words, piece.alive),
      took(words, piece.p99),
    ]);
  return html`<details><summary>${said.figures}</summary>${table(said.figures, columns, rows)}</details>`;
}

function startOf(words: Words, { grain }: Overview, { start }: Piece): string {
  return shortTime(words, start, grain === grains.day);
}

function axisOf(words: Words, overview: Overview): string[] {
  const { pieces } = overview;
  const marked = [pieces[0]!, pieces[Math.floor(pieces.length / 2)]!, pieces.at(-1)!];
  return marked.map((piece) => startOf(words, overview, piece));
}

function nameOf(names: Readonly<Record<string, string>>, reason: string): string {
  return Object.hasOwn(names, reason) ? names[reason]! : reason;
}

function number({ language }: Words, count: number | undefined): string {
  return count === undefined ? "–" : formatted(language, count);
}

/** From a million on rounded: "3.27M". The table has it exactly. */
function readable(words: Words, count: number | undefined): string {
  if (count === undefined || count < 1_000_000) return number(words, count);
  const style = { notation: "compact", maximumFractionDigits: 2 } as const;
  return new Intl.NumberFormat(words.locale, style).format(count);
}

function percent({ language }: Words, share: number): string {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** "0.2 ms", "5 s" */
function took({ language }: Words, milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  const [value, unit] =
    milliseconds < 1_000 ? [milliseconds, "millisecond"] : [milliseconds / 1_000, "second"];
  return new Intl.NumberFormat(language, { style: "unit", unit: String(unit), unitDisplay: "short" }).format(
    Number(value),
  );
}
