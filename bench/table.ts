/** Tables in Markdown, and figures as they stand in them. */
import type { Figure } from "./statistics.ts";

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

export function thousands(value: Figure): string {
  return `${whole(value.median)} ${spread(value)}`;
}

export function share(value: Figure): string {
  return `${value.median.toFixed(2)} ${spread(value)}`;
}

export function spread(value: Figure): string {
  return `±${Math.round(value.spread * 100)} %`;
}

export function microseconds(value: number): string {
  return `${value.toFixed(1)} µs`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
