/**
 * Sessions against a model: random histories and random races, on a real manager over the store under test.
 *
 * Needs fast-check, which is loaded only when the tests run. Each test runs twice: with a seed that is always the same,
 * so that a change that breaks something fails at once for everybody; and with a new one each time, so that what no run
 * has met yet is met some day. A failure prints its seed: `COATCHECK_SEED=… npm test -- model` tries
 * that one again. `COATCHECK_RUNS=100000` looks longer.
 */
import { after, before, describe, test } from "node:test";
import type * as FastCheck from "fast-check";
import type { SessionStore } from "../core/store.ts";
import { histories } from "./model/history.ts";
import { play } from "./model/play.ts";
import { races } from "./model/race.ts";
import { runRace } from "./model/run-race.ts";
import type { StoreBackend } from "./store-suite.ts";

/** A store that sessions are to be tried on. */
export interface ModelUnderTest {
  /** Makes a backend that nothing else uses: tries remove everything that they find in it. */
  readonly open: () => StoreBackend | Promise<StoreBackend>;
  /** How many histories, and how many races, each test tries. Default 500. */
  readonly runs?: number;
}

const steadySeed = 20_300_101;
const longestHistory = 60;

/**
 * Tests the store's sessions against the model: `describeSessionModel("SQLite", { open })`, in a file that
 * `node --test` runs.
 */
export function describeSessionModel(name: string, { open, runs = 500 }: ModelUnderTest): void {
  const numRuns = Number(process.env.COATCHECK_RUNS ?? runs);
  describe(`Sessions in ${name}`, () => {
    let backend: StoreBackend | undefined;
    let store: SessionStore;
    let elsewhere: SessionStore;
    before(async () => {
      backend = await open();
      store = await backend.connect();
      elsewhere = await backend.connect();
    });
    after(() => backend?.close());

    for (const [seeds, seed] of draws()) {
      test(`behave like the model in random histories, ${seeds}`, async () => {
        const fc = await import("fast-check");
        const property = fc.asyncProperty(histories(fc, longestHistory), (history) => play(history, store));
        await hold(fc, property, { numRuns, ...seed });
      });

      test(`keep their promises in random races, ${seeds}`, async () => {
        const fc = await import("fast-check");
        const property = fc.asyncProperty(races(fc), fc.scheduler(), (race, scheduler) =>
          runRace(race, [store, elsewhere], scheduler),
        );
        await hold(fc, property, { numRuns, ...seed });
      });
    }
  });
}

function draws(): readonly (readonly [seeds: string, seed: { readonly seed?: number }])[] {
  const wanted = process.env.COATCHECK_SEED;
  if (wanted !== undefined) return [[`those of seed ${wanted}`, { seed: Number(wanted) }]];
  return [
    ["always the same", { seed: steadySeed }],
    ["new each time", {}],
  ];
}

async function hold<Ts>(
  fc: typeof FastCheck,
  property: FastCheck.IAsyncPropertyWithHooks<Ts>,
  parameters: FastCheck.Parameters<Ts>,
): Promise<void> {
  const details = await fc.check(property, parameters);
  if (!details.failed) return;
  const report = await fc.asyncDefaultReportMessage(details);
  throw new Error(`${report}\n\nTo run it again, set COATCHECK_SEED=${details.seed}`, {
    cause: details.errorInstance,
  });
}
