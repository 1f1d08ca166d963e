/** Bars side by side, with how far the rounds lie around each. */
import { type Axis, element, letterWidth, line, picture, plotWidth, seriesClass, text } from "./plot.ts";
import type { Figure } from "./statistics.ts";

export interface BarPlot {
  readonly title: string;
  readonly x: Axis;
  /** One below the other, on the same axis. */
  readonly groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[];
}

export interface Bar {
  readonly name: string;
  readonly value: Figure;
  /** What is to be reached: a mark across the bar. */
  readonly goal?: number | undefined;
  /** One of those that the plot is about. */
  readonly emphasized?: boolean | undefined;
}

const rowHeight = 22;
const barHeight = 14;
const top = 52;
const right = 92;

export function barPlot({ title, x, groups }: BarPlot): string {
  const bars = groups.flatMap((group) => group.bars);
  const left = 32 + Math.max(...bars.map(({ name }) => name.length)) * letterWidth;
  const ticks = ticksUpTo(Math.max(...bars.flatMap(({ value, goal = 0 }) => [highest(value), goal])));
  const toX = (value: number) => left + (value / ticks.at(-1)!) * (plotWidth - right - left);
  const rows: string[] = [];
  let y = top;
  for (const group of groups) {
    rows.push(text(group.title, 16, y + 15, { class: "panel" }));
    y += rowHeight;
    for (const bar of group.bars) {
      rows.push(drawBar(bar, y, left, toX, x));
      y += rowHeight;
    }
    y += 8;
  }
  const grid = ticks.flatMap((value) => [
    line(toX(value), top, toX(value), y, "grid"),
    text(x.format(value), toX(value), y + 18, { "text-anchor": "middle" }),
  ]);
  const label = text(x.label, (left + plotWidth - right) / 2, y + 38, {
    "text-anchor": "middle",
    class: "faint",
  });
  const summary = `${x.label}, for ${bars.map(({ name }) => name).join(", ")}`;
  return picture(title, summary, y + 50, [...grid, ...rows, label]);
}

function drawBar(
  { name, value, goal, emphasized }: Bar,
  y: number,
  left: number,
  toX: (value: number) => number,
  { format }: Axis,
): string {
  const middle = y + rowHeight / 2;
  const low = toX(value.median * Math.max(1 - value.spread, 0));
  const high = toX(highest(value));
  const size = { x: left, y: middle - barHeight / 2, width: toX(value.median) - left, height: barHeight };
  const beside = Math.max(high, goal === undefined ? 0 : toX(goal)) + 8;
  return [
    text(name, left - 10, middle + 4.5, { "text-anchor": "end" }),
    element("rect", { ...size, class: seriesClass(emphasized ? 0 : 5) }),
    line(low, middle, high, middle, "error"),
    line(low, middle - 4, low, middle + 4, "error"),
    line(high, middle - 4, high, middle + 4, "error"),
    ...(goal === undefined ? [] : [line(toX(goal), y + 2, toX(goal), y + rowHeight - 2, "goal")]),
    text(format(value.median), beside, middle + 4.5, { class: "faint" }),
  ].join("");
}

function highest({ median, spread }: Figure): number {
  return median * (1 + spread);
}

/** From nothing on, four to ten steps of 1, 2 or 5 times a power of ten, the last of them at or beyond `end`. */
function ticksUpTo(end: number): number[] {
  const power = 10 ** Math.floor(Math.log10(end));
  const step = [0.1, 0.2, 0.5].map((part) => part * power).find((each) => end / each <= 10) ?? power;
  return Array.from({ length: Math.ceil(end / step - 1e-9) + 1 }, (_, at) =>
    Number((at * step).toPrecision(6)),
  );
}
