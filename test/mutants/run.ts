/** Tries mutants, two at a time: first that their tests pass without them, then that they fail with them. */
import { provideServers } from "./databases.ts";
import type { NamedMutant } from "./mutant.ts";
import { failuresWithout, type Outcome, tryMutant } from "./trial.ts";

/** A mutant, and what its test said of it. */
export interface Trial extends Outcome {
  readonly mutant: NamedMutant;
}

/** The machines that run this have two cores. */
const atOnce = 2;

/** @param tell told of each trial when it is over. */
export async function tryMutants(
  mutants: readonly NamedMutant[],
  tell: (trial: Trial, done: number) => void = () => {},
): Promise<Trial[]> {
  await using _ = await provideServers(mutants.map(({ killedBy: [file] }) => file));
  const unproven = new Map<string, string>();
  const byFile = Map.groupBy(mutants, ({ killedBy: [file] }) => file);
  await inTurns([...byFile], async ([file, killed]) => {
    const tests = new Set(killed.map(({ killedBy: [, test] }) => test));
    for (const [test, failure] of await failuresWithout(file, [...tests])) {
      unproven.set(`${file} ${test}`, failure);
    }
  });
  let done = 0;
  // Awaited: the servers are stopped when this returns.
  return await inTurns(mutants, async (mutant) => {
    const failure = unproven.get(mutant.killedBy.join(" "));
    const outcome: Outcome = failure ? { verdict: "untried", because: failure } : await tryMutant(mutant);
    const trial = { mutant, ...outcome };
    tell(trial, ++done);
    return trial;
  });
}

/** What becomes of each, in their order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [place, item] of waiting) results[place] = await work(item);
    }),
  );
  return results;
}
