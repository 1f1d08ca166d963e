/** Lines over two logarithmic axes: a flat line is a cost that does not grow, a straight one is a power. */
import { type Axis, element, letterWidth, line, picture, plotWidth, seriesClass, text } from "./plot.ts";
import type { Figure } from "./statistics.ts";

export interface LinePlot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Side by side, two or three in a row, with the same axes. */
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Line {
  /** The same name has the same colour and shape in all panels. */
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: Figure }[];
}

const left = 74;
const right = 20;
const gap = 30;
const top = 94;
const panelHeight = 210;
const rowHeight: number = panelHeight + 76;
/** Between the frame of a panel and its first point. */
const padding = 26;

export function linePlot({ title, x, y, panels }: LinePlot): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const points = panels.flatMap(({ lines }) => lines.flatMap((each) => each.points));
  const across = decades(points.map((point) => point.x));
  const up = decades(points.flatMap((point) => reach(point.y)));
  const columns = panels.length === 3 ? 3 : 2;
  const width = (plotWidth - left - right + gap) / columns - gap;
  const content = panels.map((panel, at) => {
    const column = at % columns;
    const place = { x: left + column * (width + gap), y: top + Math.floor(at / columns) * rowHeight, width };
    return drawPanel(panel, { place, across, up, names, x, y, isFirst: column === 0 });
  });
  const height = top + Math.ceil(panels.length / columns) * rowHeight - 18;
  const summary = `${y.label} over ${x.label}, for ${names.join(", ")}`;
  return picture(title, summary, height, [legend(names), ...content]);
}

interface Drawing {
  readonly place: { readonly x: number; readonly y: number; readonly width: number };
  readonly across: Decades;
  readonly up: Decades;
  readonly names: readonly string[];
  readonly x: Axis;
  readonly y: Axis;
  readonly isFirst: boolean;
}

function drawPanel({ title, lines }: Panel, drawing: Drawing): string {
  const { place, across, up, names, x, y, isFirst } = drawing;
  const toX = (value: number) => place.x + padding + share(across, value) * (place.width - 2 * padding);
  const toY = (value: number) => place.y + panelHeight - share(up, value) * panelHeight;
  const bottom = place.y + panelHeight;
  const right = place.x + place.width;
  return [
    text(title, place.x, place.y - 8, { class: "panel" }),
    ...powers(up).flatMap((value) => [
      line(place.x, toY(value), right, toY(value), "grid"),
      ...(isFirst ? [text(y.format(value), place.x - 8, toY(value) + 4, { "text-anchor": "end" })] : []),
    ]),
    ...powers(across).flatMap((value) => [
      line(toX(value), place.y, toX(value), bottom, "grid"),
      text(x.format(value), toX(value), bottom + 18, { "text-anchor": "middle" }),
    ]),
    element("rect", { x: place.x, y: place.y, width: place.width, height: panelHeight, class: "frame" }),
    ...lines.map((each) => drawLine(each, names.indexOf(each.name), toX, toY)),
    text(x.label, place.x + place.width / 2, bottom + 38, { "text-anchor": "middle", class: "faint" }),
    ...(isFirst ? [axisTitle(y.label, place.y + panelHeight / 2)] : []),
  ].join("");
}

function axisTitle(label: string, middle: number): string {
  const transform = `rotate(-90 16 ${Math.round(middle)})`;
  return text(label, 16, middle, { "text-anchor": "middle", class: "faint", transform });
}

function drawLine(
  { points }: Line,
  number: number,
  toX: (value: number) => number,
  toY: (value: number) => number,
): string {
  const colour = seriesClass(number);
  const places = points.map(({ x, y }) => `${toX(x).toFixed(1)},${toY(y.median).toFixed(1)}`);
  return [
    element("polyline", { points: places.join(" "), class: `curve ${colour}` }),
    ...points.map(({ x, y }) => {
      const [low, high] = reach(y);
      return line(toX(x), toY(low), toX(x), toY(high), `whisker ${colour}`);
    }),
    ...points.map(({ x, y }) => marker(number, toX(x), toY(y.median))),
  ].join("");
}

const shapes: readonly ((x: number, y: number) => string)[] = [
  (x, y) => `M${x - 4.5} ${y}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z`,
  (x, y) => `M${x - 4} ${y - 4}h8v8h-8z`,
  (x, y) => `M${x} ${y - 5}l5 9h-10z`,
  (x, y) => `M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`,
];

function marker(number: number, x: number, y: number): string {
  const d = shapes[number % shapes.length]!(Math.round(x * 10) / 10, Math.round(y * 10) / 10);
  return element("path", { d, class: seriesClass(number) });
}

function legend(names: readonly string[]): string {
  let x = left;
  return names
    .map((name, number) => {
      const entry = [
        line(x, 52, x + 22, 52, `curve ${seriesClass(number)}`),
        marker(number, x + 11, 52),
        text(name, x + 29, 56.5),
      ];
      x += 29 + name.length * letterWidth + 18;
      return entry.join("");
    })
    .join("");
}

/** From a power of ten to another. */
interface Decades {
  readonly first: number;
  readonly last: number;
}

function decades(values: readonly number[]): Decades {
  const logarithms = values.map(Math.log10);
  const first = Math.floor(Math.min(...logarithms) + 1e-9);
  const last = Math.ceil(Math.max(...logarithms) - 1e-9);
  return { first, last: Math.max(last, first + 1) };
}

function powers({ first, last }: Decades): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
}

function share({ first, last }: Decades, value: number): number {
  return (Math.log10(value) - first) / (last - first);
}

/** About half of all rounds lie between these. */
function reach({ median, spread }: Figure): [low: number, high: number] {
  return [median / (1 + spread), median * (1 + spread)];
}
