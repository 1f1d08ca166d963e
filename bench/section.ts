/** A part of the benchmark: measured by itself, a chapter of the page and an entry of the JSON. */
import type { DatabaseName } from "./databases.ts";
import type { Place } from "./stores.ts";

export interface Section<Result> {
  /** The heading of its chapter. */
  readonly title: string;
  measure(run: Run): Promise<Result>;
  /** Its chapter, without the heading. */
  toMarkdown(result: Result): string;
  /** Pictures of it, which stand before the text. */
  plots?(result: Result): readonly Plot[];
  /** Measured in a full run, or when it is asked for. */
  readonly takesLong?: true;
}

export interface Plot {
  /** Of the file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

/** What a section is told about the run that it is part of. */
export interface Run {
  readonly rounds: number;
  /** How long a server or a store is driven before it is another's turn, in milliseconds; undefined if nobody asked. */
  readonly turn: number | undefined;
  /** All of these are in the names of the rows that are wanted; empty: all rows are. */
  readonly words: readonly string[];
  /** With all that takes long. */
  readonly full: boolean;
  /** A place that nobody else has. The first who asks for a database has it started. */
  place(name: string, database?: DatabaseName): Promise<Place>;
  progress(done: string): void;
}
