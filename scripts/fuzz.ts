/**
 * Looks for inputs that break something, for as long as it is told: `npm run fuzz -- --minutes 10`. With words, only in
 * the files whose path contains one: `npm run fuzz -- cookie`. `--seed` begins with this seed.
 *
 * Goes round by round, with another seed and more time for each property in every one. The first round that finds
 * something is the last, and what it found ends with a line that tries it again. What was found belongs into
 * `test/fuzz/found.json`, from where `npm test` tries it for ever.
 */
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { literally } from "../test/pattern.ts";
import { supply } from "../test/servers/need.ts";
import { neededBy } from "../test/servers/table.ts";

interface Round {
  readonly properties: number;
  readonly cases: number;
  readonly failures: number;
}

const root = join(import.meta.dirname, "..");

/** Seconds for each property in the first round. */
const firstTurn = 1;
const longestTurn = 60;
const filesAtOnce = 2;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    path: { type: "string" },
    property: { type: "string" },
  },
});

const minutes = Number(values.minutes);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (!(minutes > 0)) misuse("--minutes must be a number above 0");
if (!Number.isInteger(firstSeed)) misuse("--seed must be a whole number");
if (values.path !== undefined && (values.seed === undefined || values.property === undefined)) {
  misuse("--path needs the --seed and the --property that it was found with");
}

const start = performance.now();
const files = globSync("{packages,test}/**/fuzz/*.test.ts", { cwd: root, exclude: ["**/node_modules"] })
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .sort();
if (files.length === 0) misuse(`No file matches ${words.join(", ")}`);
for (const [variable, need] of Object.entries(neededBy.integration ?? {})) {
  if (files.some((path) => path.includes(".integration."))) process.env[variable] = await supply(need);
}

process.exitCode = (await goOn()) ? 0 : 1;

/** Whether nothing was found. */
async function goOn(): Promise<boolean> {
  if (values.path !== undefined) process.env.FUZZ_PATH = values.path;
  let [turn, cases] = [firstTurn, 0];
  for (let round = 0; ; round++) {
    const seed = firstSeed + round;
    console.log(
      `\n── round ${round + 1}, seed ${seed}, ${turn} s for each property; ${elapsed()} of ${minutes}:00 ──`,
    );
    const { properties, failures, ...found } = await tryAll(seed, turn);
    cases += found.cases;
    if (failures > 0 || values.path !== undefined) return conclude(cases, failures);
    const left = minutes * 60 - seconds();
    if (left <= 0) return conclude(cases, failures);
    const affordable = (left * filesAtOnce) / Math.max(1, properties);
    turn = Math.max(firstTurn, Math.floor(Math.min(turn * 2, longestTurn, affordable)));
  }
}

function conclude(cases: number, failures: number): boolean {
  console.log(`\n${cases.toLocaleString("en")} cases in ${elapsed()}, ${failures} found`);
  return failures === 0;
}

async function tryAll(seed: number, turn: number): Promise<Round> {
  process.env.FUZZ_SEED = String(seed);
  process.env.FUZZ_SECONDS = String(turn);
  const byFile = new Map<string, number>();
  let [properties, cases, failures] = [0, 0, 0];
  const tests = run({
    cwd: root,
    files: files.map((path) => join(root, path)),
    concurrency: filesAtOnce,
    ...(values.property !== undefined && { testNamePatterns: [new RegExp(literally(values.property))] }),
  });
  tests.on("test:diagnostic", ({ message, file = "" }) => {
    const [, count] = /^cases: (\d+)$/.exec(message) ?? [];
    if (count === undefined) return;
    properties++;
    cases += Number(count);
    byFile.set(file, (byFile.get(file) ?? 0) + Number(count));
  });
  tests.on("test:fail", ({ name, file, details }) => {
    if (details.type === "suite" || name === file) return;
    failures++;
    console.error(`\n✖ ${name}\n${whatWasFound(details.error)}`);
  });
  tests.on("test:summary", ({ file }) => {
    if (file === undefined) return;
    const count = (byFile.get(file) ?? 0).toLocaleString("en");
    console.log(`${elapsed()}  ${relative(root, file).padEnd(64)} ${count.padStart(12)} cases`);
  });
  for await (const _ of tests);
  return { properties, cases, failures };
}

/** The case, how to try it again, and what is wrong with it. */
function whatWasFound({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message;
  return cause.cause instanceof Error ? `${cause.message}\n\n${cause.cause.message}` : cause.message;
}

function seconds(): number {
  return (performance.now() - start) / 1000;
}

function elapsed(): string {
  const whole = Math.floor(seconds());
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function misuse(message: string): never {
  console.error(message);
  process.exit(2);
}
