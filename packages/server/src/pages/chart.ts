/**
 * Charts, drawn as SVG without script. Shapes stretch with the page, so what is to be read stands beside them as text. None
 * tells anything by colour alone, and each says in words what there is to see; the page has all its figures as a table.
 */
import type { Language } from "../words/language.ts";
import { formatted } from "../words/plural.ts";
import { type Html, html } from "./html.ts";

/** What is drawn of one piece of time. */
export interface Bar {
  /** When it was, and what happened then. */
  readonly title: string;
  /** Above the line, one on the other: the first one filled, the second one outlined. */
  readonly up: readonly number[];
  /** Below the line. */
  readonly down?: number;
}

export interface ChartFrame {
  /** What there is to see, in a sentence. */
  readonly label: string;
  /** What the highest one stands for. */
  readonly top: string;
  /** Below the chart: the first, the middle and the last moment. */
  readonly axis: readonly string[];
  readonly legend?: readonly (readonly [kind: "filled" | "outlined" | "below", text: string])[];
}

const step = 10;
const gap = 2;
const height = 100;
/** What the top of a chart stands for at least: one of something is no mountain. */
export const leastScale = 4;
/** So that one is seen beside a thousand. */
const least = 2;

export function barChart(bars: readonly Bar[], frame: ChartFrame): Html {
  const highest = Math.max(leastScale, ...bars.map(({ up }) => sum(up)));
  const deepest = Math.max(...bars.map(({ down = 0 }) => down));
  const unit = (height - 2 * least) / (highest + deepest);
  const line = least + highest * unit;
  const shapes = bars.map(({ title, up, down = 0 }, index) => {
    const x = index * step;
    const rects = stacked(up, unit).map(([from, size], level) =>
      size === 0
        ? ""
        : html`<rect class="${level === 0 ? "filled" : "outlined"}" x="${x + gap / 2}" y="${round(line - from - size)}" width="${step - gap}" height="${round(size)}"/>`,
    );
    const below = down > 0 ? Math.max(down * unit, least) : 0;
    return html`<g><title>${title}</title><rect class="target" x="${x}" y="0" width="${step}" height="${height}"/>${rects}${
      below > 0
        ? html`<rect class="below" x="${x + gap / 2}" y="${round(line)}" width="${step - gap}" height="${round(below)}"/>`
        : ""
    }</g>`;
  });
  const axis = html`<path class="line" d="M0 ${round(line)}H${bars.length * step}"/>`;
  return framed(bars.length, html`${shapes}${axis}`, frame);
}

/** A course of values, of which some are not known: as far as is known it went on as it was. */
export function lineChart(
  points: readonly { readonly title: string; readonly value: number | undefined }[],
  frame: ChartFrame,
): Html {
  const highest = Math.max(leastScale, ...points.map(({ value = 0 }) => value));
  const levelOf = (value: number) => round(height - least - (value / highest) * (height - 3 * least));
  let known: number | undefined;
  const steps = points.flatMap(({ value }, index) => {
    known = value ?? known;
    return known === undefined ? [] : [{ x: index * step, y: levelOf(known) }];
  });
  const [first] = steps;
  const course = steps.map(({ x, y }) => `V${y}H${x + step}`).join("");
  const outline = first && `M${first.x} ${first.y}${course}`;
  const area = first && `M${first.x} ${height}${course}V${height}Z`;
  const targets = points.map(
    ({ title }, index) =>
      html`<g><title>${title}</title><rect class="target" x="${index * step}" y="0" width="${step}" height="${height}"/></g>`,
  );
  const shapes = first ? html`<path class="area" d="${area}"/><path class="course" d="${outline}"/>` : "";
  return framed(points.length, html`${shapes}${targets}`, frame);
}

function framed(count: number, shapes: Html, { label, top, axis, legend = [] }: ChartFrame): Html {
  return html`<figure class="chart">
    <figcaption>${legend.map(([kind, text]) => html`<span class="key ${kind}">${text}</span>`)}<span class="top">${top}</span></figcaption>
    <div class="plot"><svg viewBox="0 0 ${count * step} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${shapes}</svg></div>
    <div class="axis" aria-hidden="true">${axis.map((text) => html`<span>${text}</span>`)}</div>
  </figure>`;
}

/** Names and how often each was there, the most frequent first, as bars of which the first one is the longest. */
export function ranking(
  language: Language,
  entries: readonly { readonly name: Html | string; readonly count: number }[],
): Html {
  const most = Math.max(1, ...entries.map(({ count }) => count));
  return html`<ol class="ranking">${entries.map(
    ({ name, count }) =>
      html`<li><span>${name}</span><strong>${formatted(language, count)}</strong><svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="1"/><rect class="filled" width="${round((count / most) * 100)}" height="1"/></svg></li>`,
  )}</ol>`;
}

/** Where each begins, and how high it is. */
function stacked(values: readonly number[], unit: number): [from: number, size: number][] {
  let top = 0;
  return values.map((value) => {
    const from = top;
    const size = value > 0 ? Math.max(value * unit, least) : 0;
    top += size;
    return [from, size];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
