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
import { Proofs, unproven } from "../test/requirements/proof.ts";
import { readClaims } from "../test/requirements/requirements.ts";
import { supply } from "../test/servers/need.ts";
import { neededBy } from "../test/servers/table.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Slow {
  readonly path: string;
  readonly seconds: number;
}

interface Stage extends Counts {
  readonly name: string;
  readonly seconds: number;
}

const root = join(import.meta.dirname, "..");

/** A file that has not ended by then hangs, or left something open. Whoever names files may look at them longer. */
const patience = { whole: 4 * 60_000, named: 60 * 60_000 };

const watched = ["--import", join(import.meta.dirname, "end-in-time.ts")];

/** The machines that run this have two cores. What talks to other programs waits for them; what waits for a browser does not. */
const filesAtOnce: Readonly<Record<string, number>> = { unit: 2, integration: 3, browser: 2 };

/** Every file is a process, and many start others: without it they would all compile the same again, at half of their time. */
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/tests");

const slowestShown = 10;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { unit: { type: "boolean", default: false } },
});

const kinds = values.unit ? ["unit"] : ["unit", "integration", "browser"];
const isWhole = !values.unit && words.length === 0;

const stages: Stage[] = [];
const files: Slow[] = [];
const proofs = new Proofs();
if (isWhole) stages.push(await timed("check", check));
for (const kind of kinds) {
  const paths = testFiles(kind);
  if (paths.length > 0) stages.push(await timed(kind, () => testKind(kind, paths)));
}
if (isWhole) stages.push(await timed("requirements", demandProof));
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

/** What `docs/requirements.md` says that a test shows, a test of this run has shown. Counted as one test, too. */
async function demandProof(): Promise<Counts> {
  const missing = unproven(readClaims(), proofs.passed);
  for (const { id, file, name } of missing)
    console.error(`✖ ${id}: no test that passed is "${name}" of ${file}`);
  return missing.length === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function testKind(kind: string, paths: readonly string[]): Promise<Counts> {
  try {
    await provideFor(kind);
  } catch (error) {
    console.error((error as Error).message);
    return { passed: 0, failed: paths.length, skipped: 0 };
  }
  return testFilesTogether(kind, paths);
}

async function provideFor(kind: string): Promise<void> {
  for (const [variable, need] of Object.entries(neededBy[kind] ?? {})) {
    process.env[variable] = await supply(need);
  }
}

async function testFilesTogether(kind: string, paths: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const silent = new Set(paths.map((path) => join(root, path)));
  process.env.TEST_FILE_PATIENCE = String(words.length > 0 ? patience.named : patience.whole);
  const tests = run({ cwd: root, files: [...silent], concurrency: filesAtOnce[kind]!, execArgv: watched });
  tests.on("test:summary", ({ file, counts: seen, duration_ms }) => {
    if (file !== undefined) {
      if (seen.tests > 0) silent.delete(file);
      files.push({ path: relative(root, file), seconds: duration_ms / 1000 });
      return;
    }
    counts.passed += seen.passed;
    counts.skipped += seen.skipped + seen.todo;
    counts.failed += seen.tests - seen.passed - seen.skipped - seen.todo;
  });
  tests.on("test:pass", (event) => proofs.note(event));
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
  if (isWhole) showSlowest();
  const ranNothing = stages.every((stage) => stage.name === "check" || stage.passed + stage.failed === 0);
  if (ranNothing)
    console.error(`\nNo test was run${words.length > 0 ? `: no file matches ${words.join(", ")}` : ""}.`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = total.failed > 0 || ranNothing ? 1 : 0;
}

/** Where the time goes, for whoever wants the whole to end within ten minutes. */
function showSlowest(): void {
  console.log("\nThe slowest files:");
  for (const { path, seconds } of files.toSorted((a, b) => b.seconds - a.seconds).slice(0, slowestShown))
    console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${path}`);
}

function sum(what: keyof Counts): number {
  return stages.reduce((total, stage) => total + stage[what], 0);
}
