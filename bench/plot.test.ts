import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { page } from "./page.ts";
import { barPlot } from "./plot-bars.ts";
import { linePlot } from "./plot-lines.ts";
import { markdown, type Results } from "./report.ts";
import type { Figure } from "./statistics.ts";

const hostile = `<script> & "friends"`;
const asText = "&lt;script&gt; &amp; &quot;friends&quot;";

const lines: string = linePlot({
  title: "What it costs",
  x: { label: "all sessions", format: (value) => `${value} sessions` },
  y: { label: "until it is answered", format: (value) => `${value} µs` },
  panels: ["validate", "list", "revoke"].map((title) => ({
    title,
    lines: [
      { name: "memory", points: [point(10, 1), point(1_000, 100)] },
      { name: hostile, points: [point(10, 1), point(100, 1), point(1_000, 1)] },
    ],
  })),
});

const bars: string = barPlot({
  title: "Who is faster",
  x: { label: "share of bare", format: (value) => value.toFixed(1) },
  groups: [
    { title: "Fastify", bars: [{ name: "ours", value: figure(0.5), goal: 0.8, emphasized: true }] },
    { title: "Hono", bars: [{ name: hostile, value: figure(0.25) }] },
  ],
});

describe("A plot", () => {
  test("is well-formed XML, whatever the names are", () => {
    for (const svg of [lines, bars]) assertWellFormed(svg);
  });

  test("names its title, its axes, its panels and every series", () => {
    const inLines = textsOf(lines);
    for (const text of ["What it costs", "all sessions", "until it is answered", "memory", asText]) {
      assert.ok(inLines.includes(text), text);
    }
    for (const text of ["validate", "list", "revoke"]) assert.ok(inLines.includes(text), text);
    const inBars = textsOf(bars);
    for (const text of ["Who is faster", "share of bare", "Fastify", "Hono", "ours", asText, "0.5"]) {
      assert.ok(inBars.includes(text), text);
    }
  });

  test("says in words what it shows, for those who cannot see it", () => {
    assert.match(
      lines,
      /role="img" aria-label="What it costs\. until it is answered over all sessions, for memory, /,
    );
    assert.match(bars, /role="img" aria-label="Who is faster\. share of bare, for ours, /);
  });

  test("has whole powers of ten at logarithmic axes", () => {
    const marks = textsOf(lines).filter((text) => text.endsWith("sessions") && text !== "all sessions");
    assert.deepEqual([...new Set(marks)], ["10 sessions", "100 sessions", "1000 sessions"]);
  });

  test("shows what does not grow as a flat line, and what grows in proportion as a straight one", () => {
    const [growing, flat] = [...lines.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
      points!.split(" ").map((place) => place.split(",").map(Number) as [number, number]),
    );
    assert.equal(new Set(flat!.map(([, y]) => y)).size, 1);
    const [[left, , right], [bottom, top]] = [flat!.map(([x]) => x), growing!.map(([, y]) => y)];
    assert.ok(top! < bottom!, "What costs more stands higher");
    const [, middle] = flat!;
    assert.ok(Math.abs(middle![0] - (left! + right!) / 2) < 0.2, "Each power of ten is as long as any other");
  });

  test("has bars as long as what they show, with how far the rounds lie around it", () => {
    const [ours, other] = [...bars.matchAll(/<rect x="[^"]*" y="[^"]*" width="([^"]*)" height="14"/g)].map(
      ([, width]) => Number(width),
    );
    assert.ok(Math.abs(ours! - 2 * other!) < 0.3);
    assert.equal([...bars.matchAll(/class="error"/g)].length, 2 * 3);
    assert.equal([...bars.matchAll(/class="goal"/g)].length, 1);
  });

  test("can be read in the light and in the dark, and asks nobody for anything", () => {
    for (const svg of [lines, bars]) {
      assert.match(svg, /prefers-color-scheme: dark/);
      assert.match(svg, /class="ground"/);
      assert.doesNotMatch(svg.replace("http://www.w3.org/2000/svg", ""), /https?:|url\(|href/);
    }
  });

  test("of something that is no number is refused", () => {
    assert.throws(
      () =>
        barPlot({
          title: "",
          x: axis,
          groups: [{ title: "", bars: [{ name: "", value: figure(Number.NaN) }] }],
        }),
      /finite/,
    );
  });
});

describe("The page of results", () => {
  const cost = { wall: figure(10), cpu: figure(5) };
  const sizes = [10_000, 100_000, 1_000_000] as const;
  const results: Results = {
    machine: {
      cpu: hostile,
      cores: 2,
      memoryGiB: 8,
      platform: "linux x64",
      node: "v26",
      pinned: true,
      loadBefore: 0,
    },
    date: "2030-01-01",
    databases: { redis: "7" },
    sections: {
      growth: [
        {
          store: "memory",
          imported: { sessions: 1_000_000, milliseconds: 121_000 },
          costs: sizes.map((size) => ({ size, deed: "validate", crowd: 10, ...cost })),
          pruned: { milliseconds: 1, removed: 2, pauses: { p50: 1, p99: 2, longest: 3 } },
          pausesOfIdle: { p50: 0, p99: 0, longest: 0 },
        },
      ],
    },
  };

  test("has the plots in the places where the text names their files", () => {
    assert.match(markdown(results), /!\[.*\]\(growth\.svg\)/);
    assert.equal([...page(results).matchAll(/<figure class="wide"><svg /g)].length, 2);
  });

  test("has each table, and says aloud which budget was missed", () => {
    const html = page(results);
    assert.equal([...html.matchAll(/<table>/g)].length, 2);
    assert.match(html, /<td>kept: 2\.0<\/td>/);
    assert.match(html, /<td class="missed">missed: 120 s<\/td>/);
  });

  test("is well-formed, whatever the machine calls itself, and asks nobody for anything", () => {
    const html = page(results);
    assert.doesNotMatch(html, /<script/);
    assert.doesNotMatch(html.replaceAll("http://www.w3.org/2000/svg", ""), /https?:|url\(|src=/);
    assertWellFormed(html.replace("<!doctype html>", "").replace(/<meta [^>]*>/g, ""));
  });
});

const axis = { label: "", format: String };

function point(x: number, y: number) {
  return { x, y: figure(y) };
}

function figure(median: number): Figure {
  return { median, spread: 0.1 };
}

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, content]) => content!);
}

/** Every tag is closed in order, every attribute quoted, and no sign stands for itself that must not. */
function assertWellFormed(markup: string): void {
  const open: string[] = [];
  const tag = /<(\/?)([a-z][\w-]*)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closes, name, , isEmpty, text] of markup.matchAll(tag)) {
    end += whole.length;
    assert.doesNotMatch(whole, /&(?!(?:amp|lt|gt|quot);)/, "An ampersand stands for itself");
    if (text !== undefined) assert.doesNotMatch(text, />/);
    else if (closes) assert.equal(open.pop(), name);
    else if (!isEmpty) open.push(name!);
  }
  assert.equal(end, markup.length, `Not XML: ${markup.slice(end, end + 60)}`);
  assert.deepEqual(open, []);
}
