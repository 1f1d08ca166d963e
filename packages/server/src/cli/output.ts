/** What commands print: JSON for programs, sentences and tables for people. */

/** One JSON document. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2).replace(misleading, escaped));
}

/** A heading and rows, in columns. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [heading, ...rows].map((row) => row.map((cell) => cell.replace(disorderly, escaped)));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
  }
}

/** What others wrote (a User-Agent, an address) must not give orders to the terminal, nor turn the text around. */
const misleading = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const disorderly = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** To the minute, in UTC: the same wherever it is read. */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")}Z`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
