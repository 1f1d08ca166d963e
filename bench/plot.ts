/**
 * What all plots have: SVG elements, the ground they stand on, and colours. A plot is complete in itself and follows its
 * reader's choice of light or dark. Series are told apart by shape as well as by colour.
 */

export interface Axis {
  readonly label: string;
  /** How a value is written at the axis. */
  readonly format: (value: number) => string;
}

export const plotWidth = 880;

const fontSize = 13;

/** One letter is about so wide. */
export const letterWidth: number = fontSize * 0.58;

type Attributes = Readonly<Record<string, string | number>>;

/** An element; numbers to a tenth of a pixel. `content` is markup. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  const head = `<${name}${written.join("")}`;
  return content.length > 0 ? `${head}>${content.join("")}</${name}>` : `${head}/>`;
}

/** A line of text. */
export function text(content: string, x: number, y: number, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escaped(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return element("line", { x1, y1, x2, y2, class: className });
}

/** The colours of series: those of Okabe and Ito, which people with any colour vision can tell apart. */
const colours = [
  { light: "#0072b2", dark: "#56b4e9" },
  { light: "#d55e00", dark: "#ff9a4d" },
  { light: "#007f5f", dark: "#2fd3a7" },
  { light: "#a8497f", dark: "#e08fbe" },
  { light: "#8a6d00", dark: "#f0e442" },
  { light: "#555555", dark: "#bbbbbb" },
] as const;

/** The class that draws in the colour of the series with this number. */
export function seriesClass(number: number): string {
  return `series-${number % colours.length}`;
}

const style = `
.plot { color-scheme: light dark; font: ${fontSize}px system-ui, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif }
.plot text { fill: #24292f } .plot .faint { fill: #59636e }
.plot .ground { fill: #ffffff } .plot .grid { stroke: #e3e6ea } .plot .frame { stroke: #8c959f; fill: none }
.plot .title { font-size: 17px; font-weight: 600 } .plot .panel { font-weight: 600 }
.plot .goal { stroke: #24292f; stroke-width: 2 } .plot .error { stroke: #24292f }
.plot .curve { fill: none; stroke-width: 2 } .plot .whisker { stroke-width: 1; opacity: 0.6 }
${colours.map(({ light }, number) => series(number, light)).join("\n")}
@media (prefers-color-scheme: dark) {
.plot text { fill: #e6edf3 } .plot .faint { fill: #9da7b3 }
.plot .ground { fill: #0d1117 } .plot .grid { stroke: #262c36 } .plot .frame { stroke: #656d76 }
.plot .goal { stroke: #e6edf3 } .plot .error { stroke: #e6edf3 }
${colours.map(({ dark }, number) => series(number, dark)).join("\n")}
}`;

function series(number: number, colour: string): string {
  const name = seriesClass(number);
  return `.plot .${name} { stroke: ${colour}; fill: ${colour} } .plot .curve.${name} { fill: none }`;
}

/** The whole picture. `summary` says in words what it shows, for who cannot see it. */
export function picture(title: string, summary: string, height: number, content: readonly string[]): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${plotWidth} ${tenths(height)}`,
      width: plotWidth,
      height,
      class: "plot",
      role: "img",
      "aria-label": `${title}. ${summary}`,
    },
    element("style", {}, style),
    element("rect", { width: plotWidth, height, class: "ground" }),
    text(title, 16, 28, { class: "title" }),
    ...content,
  );
}

function attribute(value: string | number): string {
  return escaped(typeof value === "number" ? tenths(value) : value);
}

function tenths(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError("A plot has only finite numbers");
  return `${Math.round(value * 10) / 10}`;
}

function escaped(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
