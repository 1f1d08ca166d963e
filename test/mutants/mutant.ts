/** Mistakes that are made on purpose, each in one place of the sources, and the tests that must notice them. */

/** One mistake: a text of a source file, and what stands there instead. */
export interface Mutant {
  /** What says that it is one: a mistake of docs/mutants.md (`B9`), a promise of docs/promises.md, or a page of docs/. */
  readonly breaks: Rule;
  /** The source file, below `packages/`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly text: string;
  readonly becomes: string;
  /** The test that must fail: its file, below `packages/`, and its full name, the blocks around it included. */
  readonly killedBy: readonly [file: string, test: string];
}

export type Rule =
  | `B${number}`
  | `promise ${number}`
  | `decisions/${string}`
  | `protections/${string}`
  | "caching"
  | "how-sessions-work";

/** Mutants by what they do. */
export type Mutants = Readonly<Record<string, Mutant>>;

/** A mutant under its name. */
export interface NamedMutant extends Mutant {
  readonly name: string;
  /** What it is about. */
  readonly area: string;
}

/** A source with the mistake in it. */
export function mutated(
  source: string,
  { file, text, becomes }: Omit<Mutant, "breaks" | "killedBy">,
): string {
  const times = source.split(text).length - 1;
  if (times !== 1) throw new Error(`${JSON.stringify(text)} stands ${times} times in ${file}, not once`);
  return source.replace(text, () => becomes);
}
