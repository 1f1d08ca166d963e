/**
 * The race suite: several processes on one real backend, driven at random, and a checker over the history of it all. See
 * docs/race-suite.md.
 */
import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkHistory } from "./race/check.ts";
import { type Fault, spread } from "./race/fault.ts";
import type { RaceHistory, Violation } from "./race/history.ts";
import { holdRace, type RaceOptions } from "./race/hold.ts";
import type { RaceSettings } from "./race/node.ts";
import { NodeProcess, type NodeProgram } from "./race/node-process.ts";
import { explain, summary } from "./race/report.ts";

export { checkHistory } from "./race/check.ts";
export { type Fault, type PlannedFault, spread } from "./race/fault.ts";
export type {
  Operation,
  OperationOf,
  RaceHistory,
  Rule,
  Span,
  Terms,
  ToldEnd,
  Violation,
} from "./race/history.ts";
export { holdRace, type RaceOptions } from "./race/hold.ts";
export { ManagerNode, managerNode } from "./race/manager-node.ts";
export {
  limitOf,
  type RaceNode,
  type RaceSettings,
  type SignInOptions,
  type ValidateOptions,
} from "./race/node.ts";
export { clockJumps, clockWrong, nodeKilled, nodePaused } from "./race/node-faults.ts";
export { NodeProcess, type NodeProgram, type Reply } from "./race/node-process.ts";
export { explain, summary } from "./race/report.ts";
export { serveRaceNode } from "./race/serve-node.ts";

/** A backend, and the program of the nodes that share it. */
export interface RaceBackend extends NodeProgram {
  /** What befalls nodes and backend in each race, one after the other. Default nothing. */
  readonly faults?: readonly Fault[];
  /** Whether the backend keeps what it answered through these faults. Default true. */
  readonly durable?: boolean;
  close?(): void | Promise<void>;
}

/** What takes part in races. */
export interface RacesUnderTest {
  /** Makes a backend. Races may share it with others: each has users of its own. */
  readonly open: () => RaceBackend | Promise<RaceBackend>;
  /** How many processes. Default 3. */
  readonly nodes?: number;
  /** How many steps each race has. Default 1000. */
  readonly steps?: number;
  readonly settings?: Partial<RaceSettings>;
  /** Whether there is also a race whose plan is always the same. Default true. */
  readonly steady?: boolean;
}

/** Hasty: everything that happens by itself happens within a race. */
const hasty: RaceSettings = {
  onLimit: "evict-oldest",
  renewAfter: 100,
  grace: 30_000,
  touchInterval: 20,
  timeout: 2_000,
  staleness: 0,
};

/** What races are held under, if nothing else is said. */
export function raceSettings(settings: Partial<RaceSettings> = {}): RaceSettings {
  return { ...hasty, ...settings };
}

/** Starts the nodes of a race; stopped by `kill`. */
export function startNodes(
  program: NodeProgram,
  settings: RaceSettings,
  number: number = 3,
): Promise<NodeProcess[]> {
  const names = Array.from({ length: number }, (_, index) => `node ${index + 1}`);
  return Promise.all(names.map((name) => NodeProcess.start(name, program, settings)));
}

/** A seed that no run had yet. */
export function newSeed(): number {
  return randomInt(2 ** 31);
}

const steadySeed = 20_300_101;

/**
 * Tests a session layer in races: `describeRaces("SQLite", { open })`, in a file that `node --test` runs. One race has
 * always the same plan, one a new one each time; `COATCHECK_SEED` holds one by that seed in place of both.
 */
export function describeRaces(name: string, under: RacesUnderTest): void {
  const { nodes: number, steps, steady = true } = under;
  const settings = raceSettings(under.settings);
  const { COATCHECK_SEED: wanted } = process.env;
  const seeds = wanted ? [Number(wanted)] : [...(steady ? [steadySeed] : []), newSeed()];
  describe(`Races on ${name}`, () => {
    let backend: RaceBackend | undefined;
    let nodes: readonly NodeProcess[] = [];
    before(async () => {
      backend = await under.open();
      nodes = await startNodes(backend, settings, number);
    });
    after(async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      await backend?.close?.();
    });

    for (const seed of seeds) {
      const plan = seed === steadySeed ? "always the same plan" : `the plan of seed ${seed}`;
      // Proves ASVS 7.4.1, ASVS 15.4.2, WSTG-SESS-11, CVE-2025-46336, better-auth#11073.
      test(`break no promise, by ${plan}`, async (t) => {
        const { faults = [], durable } = backend!;
        const options = { seed, name: `${seed}-${newSeed()}`, steps, faults: spread(faults), durable };
        const history = await holdRace(nodes, settings, given(options));
        t.diagnostic(summary(history));
        assertKept(history, `${name} ${seed}`);
      });
    }
  });
}

/** Without what is undefined. */
function given(options: { [Key in keyof RaceOptions]: RaceOptions[Key] | undefined }): RaceOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/**
 * Holds a history against the promises. Where one is broken the whole history is kept as a file in `race-histories`.
 * @throws Error that shows the first violation of each rule, with the history around it.
 */
export function assertKept(history: RaceHistory, name: string): void {
  const violations = checkHistory(history);
  if (violations.length === 0) return;
  const file = keepHistory(history, name);
  const rules = new Map<string, Violation>();
  for (const violation of violations) {
    if (!rules.has(violation.rule)) rules.set(violation.rule, violation);
  }
  const shown = [...rules.values()].map((violation) => explain(history, violation));
  throw new Error(
    [`${violations.length} violations; the whole history is in ${file}`, ...shown].join("\n\n"),
  );
}

/** Gives the path. */
export function keepHistory(history: RaceHistory, name: string): string {
  const folder = "race-histories";
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replaceAll(/[^A-Za-z0-9]+/g, "-")}.json`);
  writeFileSync(file, JSON.stringify(history, undefined, 1));
  return file;
}
