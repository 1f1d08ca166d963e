/**
 * What tests need on a machine and npm does not bring: a browser, a database server.
 * A need is a list of ways to it. Where every way fails there is one error that names each remedy:
 * a missing program fails a test, it never skips one.
 */

/** Something that tests need. `T` is what they use it by: a path, an address. */
export interface Need<T> {
  readonly name: string;
  readonly ways: readonly Way<T>[];
}

/** One way to come by it. */
export interface Way<T> {
  /** What a person does to open this way, as an order: `set TEST_CHROMIUM to …`. */
  readonly remedy: string;
  /** Undefined where this way is closed; rejects where somebody chose it and it does not work. */
  readonly find: () => Promise<T | undefined>;
}

/** What the first open way leads to. */
export async function supply<T>(need: Need<T>): Promise<T> {
  for (const way of need.ways) {
    const found = await way.find();
    if (found !== undefined) return found;
  }
  throw new Error(explanation(need));
}

function explanation(need: Need<unknown>): string {
  const remedies = need.ways.map((way) => `  - ${way.remedy}`);
  return [`The tests need ${need.name}, and it is not here. Any one of these helps:`, ...remedies].join("\n");
}
