/**
 * Properties of what comes from outside, tried on texts that nobody would write.
 *
 * `npm test` tries each so many times from a seed that is always the same, and every counterexample of `found.json`
 * again. `npm run fuzz` tries them with other seeds, for as long as it is told; `scripts/fuzz.ts` sets the variables.
 */
import { basename } from "node:path";
import type { TestContext } from "node:test";
import * as fc from "fast-check";
import found from "./found.json" with { type: "json" };

/** Something that fast-check can try: made by `fc.property` or `fc.asyncProperty`. */
type Property = fc.IRawProperty<unknown, boolean>;

/** A counterexample that was found once. */
export interface Found {
  /** Which property it broke. */
  readonly property: string;
  readonly seed: number;
  /** Its place among the cases of the seed. */
  readonly path: string;
  /** What was wrong. */
  readonly found: string;
}

const steadySeed = 20_300_101;

/**
 * Tries a property, as the body of a test: `test("is read as it was written", holds(fc.property(…)))`.
 * @param runs how many cases `npm test` tries. Default 300.
 */
export function holds(
  property: Property,
  { runs = 300 }: { readonly runs?: number } = {},
): (t: TestContext) => Promise<void> {
  return async (t) => {
    let cases = 0;
    for (const trial of trialsOf(t.name, runs)) {
      const details = await fc.check(property, trial);
      if (details.failed) throw new Error(await reportOf(details, t), { cause: details.errorInstance });
      cases += details.numRuns;
    }
    t.diagnostic(`cases: ${cases}`);
  };
}

function trialsOf(name: string, runs: number): readonly fc.Parameters<unknown>[] {
  const { FUZZ_SEED, FUZZ_PATH: path, FUZZ_SECONDS } = process.env;
  const seed = Number(FUZZ_SEED);
  if (path !== undefined) return [{ seed, path, numRuns: 1 }];
  if (FUZZ_SEED !== undefined) return [{ seed, ...asManyAsIn(Number(FUZZ_SECONDS)) }];
  const again = (found as readonly Found[])
    .filter(({ property }) => property === name)
    .map(({ seed, path }) => ({ seed, path, numRuns: 1 }));
  return [...again, { seed: steadySeed, numRuns: runs }];
}

function asManyAsIn(seconds: number): fc.Parameters<unknown> {
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 };
}

async function reportOf(details: fc.RunDetailsCommon<unknown>, { name }: TestContext): Promise<string> {
  const report = await fc.asyncDefaultReportMessage(details as fc.RunDetails<unknown>);
  return `${report}\n\nTry it again: ${replayLine(name, details)}`;
}

/** A call that tries this one case. */
export function replayLine(
  name: string,
  { seed, counterexamplePath }: Pick<fc.RunDetailsCommon<unknown>, "seed" | "counterexamplePath">,
): string {
  const file = basename(process.argv[1] ?? "").replace(/(?:\.integration)?\.test\.ts$/, "");
  return `npm run fuzz -- --seed ${seed} --path ${counterexamplePath} --property ${quoted(name)} fuzz/${file}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
