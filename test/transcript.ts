/** Requests and answers in a document: `>` is sent, `<` is answered, `# 5 minutes later` moves the clock. */
import { literally } from "./pattern.ts";

/** One request and the answer to it, as a page shows them. `{name}` stands for a value that is different each time. */
export interface Shown {
  /** By how much the clock moves before, in milliseconds. */
  readonly later: number;
  readonly request: Message;
  readonly answer: Message;
}

/** The first line, the header lines and the body. */
export interface Message {
  readonly start: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** @throws Error for a line that is none of the three: it would be shown and not tried. */
export function exchangesOf(code: string): Shown[] {
  return code.split("\n\n").map((block) => {
    const lines = block.split("\n");
    const strange = lines.find((line) => !/^(?:[<>](?: |$)|# \d+ minutes later$)/.test(line));
    if (strange !== undefined) throw new Error(`"${strange}" is no line of an exchange`);
    return { later: minutesLater(lines[0]!), request: message(lines, ">"), answer: message(lines, "<") };
  });
}

function minutesLater(line: string): number {
  return Number(/^# (\d+)/.exec(line)?.[1] ?? 0) * 60_000;
}

function message(lines: readonly string[], side: "<" | ">"): Message {
  const [start = "", ...rest] = lines.filter((line) => line.startsWith(side)).map((line) => line.slice(2));
  const blank = rest.includes("") ? rest.indexOf("") : rest.length;
  const headers = rest.slice(0, blank).map((line): [string, string] => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  const body = rest.slice(blank + 1);
  return { start, headers, body: body.join("\n").trim() };
}

/** The values that braces stand for. */
export class Values {
  readonly #known = new Map<string, string>();

  /** @throws Error if a value is used before an answer gave it. */
  filledIn(text: string): string {
    return text.replace(placeholder, (_, name: string) => {
      const value = this.#known.get(name);
      if (value === undefined) throw new Error(`No answer has given {${name}} yet`);
      return value;
    });
  }

  /** What the text says once the values that it gives for the first time are taken from `actual`. */
  learned(text: string, actual: string): string {
    const names = Array.from(text.matchAll(placeholder), ([, name]) => name!);
    const pattern = text.split(placeholder).map((part, at) => (at % 2 ? "([\\w.-]+)" : literally(part)));
    const values = new RegExp(`^${pattern.join("")}$`).exec(actual)?.slice(1) ?? [];
    for (const [at, value] of values.entries()) {
      if (!this.#known.has(names[at]!)) this.#known.set(names[at]!, value);
    }
    return values.length === names.length ? this.filledIn(text) : text;
  }
}

/** Neither JSON nor anything else in these pages has a single word in braces. */
const placeholder = /\{([a-z]+)\}/g;
