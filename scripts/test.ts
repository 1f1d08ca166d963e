/**
 * All tests: `npm test`. Only the fast ones: `npm run test:unit`. Only files whose path contains a word:
 * `npm test -- cookie`.
 *
 * A stage that fails does not hide the ones after it; the last line counts them all.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { supply } from "../test/servers/need.ts";
import { neededBy } from "../test/servers/table.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage extends Counts {
  readonly name: string;
  readonly seconds: number;
}

const root = join(import.meta.dirname, "..");

/** A file that has not ended by then hangs, or left something open. Whoever names files may look at them longer. */
const patience = { whole: 4 * 60_000, named: 60 * 60_000 };

const watched = ["--import", join(import.meta.dirname, "end-in-time.ts")];

/** The machines that run this have two cores, and most tests wait more than they compute. */
const filesAtOnce = 2;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { unit: { type: "boolean", default: false } },
});

const kinds = values.unit ? ["unit"] : ["unit", "integration", "browser"];
const isWhole = !values.unit && words.length === 0;

const stages: Stage[] = [];
if (isWhole) stages.push(await timed("check", check));
for (const kind of kinds) {
  const files = testFiles(kind);
  if (files.length > 0) stages.push(await timed(kind, () => testKind(kind, files)));
}
conclude();

/** The name tells what a test needs: nothing, another program, a browser. */
function testFiles(kind: string): string[] {
  return globSync("{packages,examples,bench,scripts,test}/**/*.test.ts", {
    cwd: root,
    exclude: ["**/node_modules"],
  })
    .filter((path) => kindOf(path) === kind)
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
}

function kindOf(path: string): string {
  return /\.(integration|browser)\.test\.ts$/.exec(path)?.[1] ?? "unit";
}

async function timed(name: string, stage: () => Promise<Counts>): Promise<Stage> {
  console.log(`\n── ${name} ──`);
  const start = performance.now();
  const counts = await stage();
  return { name, ...counts, seconds: (performance.now() - start) / 1000 };
}

/** Types, lint and format. Counted as one test: the last line must not say "0 failed" when this did. */
async function check(): Promise<Counts> {
  const child = spawn("npm", ["run", "--silent", "check"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function testKind(kind: string, files: readonly string[]): Promise<Counts> {
  try {
    await provideFor(kind);
  } catch (error) {
    console.error((error as Error).message);
    return { passed: 0, failed: files.length, skipped: 0 };
  }
  return testFilesTogether(files);
}

async function provideFor(kind: string): Promise<void> {
  for (const [variable, need] of Object.entries(neededBy[kind] ?? {})) {
    process.env[variable] = await supply(need);
  }
}

async function testFilesTogether(paths: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const silent = new Set(paths.map((path) => join(root, path)));
  process.env.TEST_FILE_PATIENCE = String(words.length > 0 ? patience.named : patience.whole);
  const tests = run({ cwd: root, files: [...silent], concurrency: filesAtOnce, execArgv: watched });
  tests.on("test:summary", ({ file, counts: seen }) => {
    if (file !== undefined) {
      if (seen.tests > 0) silent.delete(file);
      return;
    }
    counts.passed += seen.passed;
    counts.skipped += seen.skipped + seen.todo;
    counts.failed += seen.tests - seen.passed - seen.skipped - seen.todo;
  });
  // The runner lets a file without a single test pass. Here it fails; one that crashed has been counted already.
  tests.on("test:pass", ({ name }) => {
    if (!silent.has(name)) return;
    console.error(`✖ ${relative(root, name)} contains no test`);
    counts.passed -= 1;
    counts.failed += 1;
  });
  for await (const text of tests.compose(new spec())) process.stdout.write(text);
  return counts;
}

function conclude(): void {
  const total = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
  console.log();
  for (const { name, seconds, failed } of stages) {
    console.log(`${failed === 0 ? "✔" : "✖"} ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`);
  }
  const ranNothing = stages.every((stage) => stage.name === "check" || stage.passed + stage.failed === 0);
  if (ranNothing)
    console.error(`\nNo test was run${words.length > 0 ? `: no file matches ${words.join(", ")}` : ""}.`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = total.failed > 0 || ranNothing ? 1 : 0;
}

function sum(what: keyof Counts): number {
  return stages.reduce((total, stage) => total + stage[what], 0);
}
