/**
 * `npm run bench`: what sessions cost.
 *
 * Words choose rows: `npm run bench -- fastify memory` measures the routes that have both in their name, and the bare one
 * of their framework. `--only routes` (or another section) runs one part, `--rounds N` more or fewer rounds, `--turn N`
 * turns of so many milliseconds. Only a run of everything is written to `bench/results/`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Database, type DatabaseName, startDatabase } from "./databases.ts";
import { describeMachine } from "./machine.ts";
import { page } from "./page.ts";
import { markdown, plotsOf, type Results } from "./report.ts";
import type { Run } from "./section.ts";
import { sections } from "./sections.ts";
import type { Place } from "./stores.ts";

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    full: { type: "boolean", default: false },
    rounds: { type: "string", default: "6" },
    turn: { type: "string" },
  },
});
const { full } = values;
const only = values.only ?? (words.length > 0 ? "routes" : undefined);
const rounds = atLeastOne("--rounds", values.rounds);
const turn = values.turn === undefined ? undefined : atLeastOne("--turn", values.turn);
if (only !== undefined && !(only in sections))
  throw new TypeError(`--only must be one of ${Object.keys(sections).join(", ")}`);

const folder = mkdtempSync(join(tmpdir(), "coatcheck-bench-"));
const running = new Map<DatabaseName, Database>();
const run: Run = { rounds, turn, words, full, place, progress: (done) => console.error(`· ${done}`) };

try {
  const machine = describeMachine();
  const measured: Record<string, unknown> = {};
  for (const [name, section] of Object.entries(sections)) {
    const isWanted = only === undefined ? full || !section.takesLong : only === name;
    if (isWanted) measured[name] = await section.measure(run).catch(tell);
  }
  const results: Results = {
    machine,
    date: new Date().toISOString().slice(0, 10),
    databases: Object.fromEntries([...running].map(([name, { version }]) => [name, version])),
    sections: Object.fromEntries(Object.entries(measured).filter(([, result]) => result !== undefined)),
  };
  console.log(`\n${markdown(results)}`);
  if (only === undefined && process.exitCode === undefined) keep(results);
} finally {
  for (const database of running.values()) await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

/** What has been measured is shown although another section failed. */
function tell(error: unknown): undefined {
  console.error(error);
  process.exitCode = 1;
}

async function place(name: string, database?: DatabaseName): Promise<Place> {
  const databases = database ? { [database]: await addressOf(database) } : {};
  return { name, folder: join(folder, name), databases };
}

async function addressOf(name: DatabaseName): Promise<string> {
  const started = running.get(name) ?? (await startDatabase(name));
  if (!running.has(name)) run.progress(`${name} ${started.version} is up`);
  running.set(name, started);
  return started.address;
}

function keep(results: Results): void {
  const kept = join(import.meta.dirname, "results");
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, "results.json"), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(kept, "results.md"), markdown(results));
  for (const { name, svg } of plotsOf(results)) writeFileSync(join(kept, `${name}.svg`), svg);
  writeFileSync(join(kept, "index.html"), page(results));
}

function atLeastOne(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new TypeError(`${option} must be a whole number from 1 on`);
  return number;
}
