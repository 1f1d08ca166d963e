/**
 * Whether the work of a parser grows with the length of its text and no faster. Where every character is looked at by
 * our own code, tests count the looks; inside of a regular expression nobody can, so here it is measured, in a way that
 * a busy machine cannot upset: of many attempts it is enough that one is fast.
 */
import assert from "node:assert/strict";

/** A text that can be made as long as one likes. */
export interface Pump {
  readonly before?: string;
  readonly unit: string;
  readonly after?: string;
}

const shortLength = 512;
const growth = 16;
/** Linear work grows by 16, quadratic work by 256. */
const mostGrowth = 64;
const attempts = 20;

/** What hides a long run from a careless expression: it is what comes behind it that does not fit. */
const endings = ["", "!", "\n", "="];

/** Each of these units, repeated, with each ending. */
export function pumpsOf(...units: readonly string[]): readonly Pump[] {
  return units.flatMap((unit) => endings.map((after) => ({ unit, after })));
}

/** @throws AssertionError that names the pump on which the work grew faster than the text. */
export function assertLinear(parse: (text: string) => unknown, pumps: readonly Pump[]): void {
  for (const pump of pumps) {
    const { fastest, times } = measure(parse, pump);
    assert.ok(
      times <= mostGrowth,
      `${JSON.stringify(pump)}: ${growth} times the length took ${times.toFixed(0)} times as long, at best ${fastest.toFixed(1)} ms`,
    );
  }
}

function measure(parse: (text: string) => unknown, pump: Pump): { fastest: number; times: number } {
  const [short, long] = [shortLength, shortLength * growth].map((length) => textOf(pump, length));
  let [base, fastest] = [Infinity, Infinity];
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (let again = 0; again < 5; again++) base = Math.min(base, timeOf(parse, short!));
    fastest = Math.min(fastest, timeOf(parse, long!));
    if (fastest <= base * mostGrowth) break;
  }
  return { fastest, times: fastest / base };
}

function textOf({ before = "", unit, after = "" }: Pump, length: number): string {
  return before + unit.repeat(Math.ceil(length / unit.length)) + after;
}

function timeOf(parse: (text: string) => unknown, text: string): number {
  const start = performance.now();
  parse(text);
  return performance.now() - start;
}
