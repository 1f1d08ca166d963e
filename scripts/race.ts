/**
 * Races for as long as you like: `npm run race -- --minutes 30`.
 *
 *   --minutes 30        how long; one race on each store if it is left out
 *   --store redis       only this store: sqlite, redis, redis-cluster, postgres
 *   --cache cached      only with a cache, or only without (plain)
 *   --seed 7            the first race's plan; each further one has the next seed
 *   --steps 3000        how many steps a race has
 *   --nodes 3           how many processes
 *   --faults            nodes, stores and networks fail in the middle: also redis-in-memory, which loses everything,
 *                       and redis-failover
 *
 * Progress goes to stderr, the summary to stdout. A violation is printed with the history around it, and the whole
 * history is kept in race-histories/; the races go on, and the exit code is 1.
 */
import { parseArgs } from "node:util";
import { assertKept, holdRace, newSeed, raceSettings, spread, startNodes, summary } from "coatcheck/testing";
import { backends, type Cache, caches, nodesOn } from "../packages/coatcheck/test/race/backends.ts";
import { type FaultyBackend, faultyBackends } from "../packages/coatcheck/test/race/faulty-backends.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    store: { type: "string", multiple: true },
    cache: { type: "string", multiple: true, default: Object.keys(caches) },
    seed: { type: "string", default: String(newSeed()) },
    steps: { type: "string", default: "3000" },
    nodes: { type: "string", default: "3" },
    faults: { type: "boolean", default: false },
  },
});
const known = Object.keys(values.faults ? faultyBackends : backends);
const stores = values.store ?? known;
for (const store of stores) {
  if (!known.includes(store)) fail(`There is no store ${store}; there are ${known.join(", ")}`);
}
for (const cache of values.cache) {
  if (!Object.hasOwn(caches, cache)) fail(`--cache is one of ${Object.keys(caches).join(", ")}`);
}
const [minutes, seed, steps, nodes] = [values.minutes ?? "0", values.seed, values.steps, values.nodes].map(
  number,
);
const deadline = performance.now() + minutes! * 60_000;

let races = 0;
let operations = 0;
const broken: string[] = [];
do {
  for (const store of stores) {
    for (const cache of values.cache) await race(store, cache as Cache, seed! + races++);
  }
} while (performance.now() < deadline);

console.log(`${races} races, ${operations} operations, seeds ${seed} to ${seed! + races - 1}`);
console.log(broken.length === 0 ? "No promise was broken" : `Broken: ${broken.join(", ")}`);
process.exitCode = broken.length === 0 ? 0 : 1;

/** One race, on a backend and nodes of its own. */
async function race(store: string, cache: Cache, seed: number): Promise<void> {
  const name = `${store} ${cache} ${seed}`;
  // What the plan does not say follows from the seed too: how a limit is held, and whether graces end within a race.
  const settings = raceSettings({
    ...caches[cache],
    ...(values.faults && { timeout: 500 }),
    onLimit: seed % 2 === 0 ? "evict-oldest" : "refuse",
    grace: seed % 3 === 0 ? 500 : 30_000,
  });
  await using backend = await open(store);
  const running = await startNodes(nodesOn(backend, cache), settings, nodes);
  try {
    const { faults, durable } = backend;
    const planned = spread(faults);
    const history = await holdRace(running, settings, { seed, steps: steps!, faults: planned, durable });
    operations += history.operations.length;
    console.error(`${name}: ${summary(history)}`);
    assertKept(history, name);
  } catch (error) {
    broken.push(name);
    console.error(`${name}: ${(error as Error).message}\n`);
    console.error(
      `Again: npm run race -- --store ${store} --cache ${cache} --seed ${seed} --steps ${steps}${values.faults ? " --faults" : ""}`,
    );
  } finally {
    await Promise.all(running.map((node) => node.kill()));
  }
}

async function open(store: string): Promise<FaultyBackend> {
  if (values.faults) return faultyBackends[store]!();
  return Object.assign(await backends[store]!(), { faults: [], durable: true });
}

function number(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : fail(`${text} is no number`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
