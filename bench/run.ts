/**
 * `npm run bench`: what sessions cost, in four to six minutes.
 *
 * `--only routes`, `--only stores` or `--only calls` runs one part, `--rounds N` more or fewer rounds. Only a run of
 * everything is written to `bench/results/`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Databases, startDatabases } from "./databases.ts";
import { measureRoutes } from "./http.ts";
import { describeMachine } from "./machine.ts";
import { markdown, type Results } from "./report.ts";
import {
  callsAtOnce,
  callsOfIgnoredSession,
  callsOverTenTouchIntervals,
  callsWithinTouchInterval,
} from "./store-calls.ts";
import { measureStores } from "./store-deeds.ts";
import type { Place } from "./stores.ts";

const parts = ["routes", "stores", "calls"];

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "25" } },
});
const { only } = values;
const rounds = Number(values.rounds);
if (only !== undefined && !parts.includes(only))
  throw new TypeError(`--only must be one of ${parts.join(", ")}`);
if (!(rounds >= 1)) throw new TypeError("--rounds must be a number from 1 on");

const isMeasured = (part: string) => only === undefined || only === part;
const progress = (done: string) => console.error(`· ${done}`);

const folder = mkdtempSync(join(tmpdir(), "coatcheck-bench-"));
const machine = describeMachine();
let databases: Databases | undefined;

try {
  const results: Results = {
    machine,
    date: new Date().toISOString().slice(0, 10),
    ...(isMeasured("routes") && {
      http: await measureRoutes(rounds, 200, await places(), progress),
    }),
    ...(isMeasured("stores") && {
      stores: await measureStores(rounds, 60, await places(), progress),
    }),
    ...(isMeasured("calls") && { calls: await countCalls() }),
    ...(databases && { databases: databases.versions }),
  };
  console.log(`\n${markdown(results)}`);
  if (only === undefined) keep(results);
} finally {
  await databases?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

/** Where stores may keep sessions; the first who asks has the databases started. */
async function places(): Promise<(name: string) => Place> {
  databases ??= await startDatabases();
  const { addresses, versions } = databases;
  progress(`Redis ${versions.redis} and PostgreSQL ${versions.postgres} are up`);
  return (name) => ({ name, folder: join(folder, name), databases: addresses });
}

async function countCalls() {
  return {
    "session ignored": await callsOfIgnoredSession(),
    "guarded, within one touchInterval": await callsWithinTouchInterval(),
    "guarded, over ten touchIntervals": await callsOverTenTouchIntervals(),
    "guarded, all at once, a touch due": await callsAtOnce(),
  };
}

function keep(results: Results): void {
  const kept = join(import.meta.dirname, "results");
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, "results.json"), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(kept, "results.md"), markdown(results));
}
