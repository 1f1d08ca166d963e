/** Runs the test of a mutant in a process of its own, without the mistake and with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { literally } from "../pattern.ts";
import { type Mutant, mutated } from "./mutant.ts";
import type { TestReport } from "./reporter.ts";

const root = join(import.meta.dirname, "../..");
const packages = join(root, "packages");

/** A test that takes longer hangs. In milliseconds. */
const patience = 5 * 60_000;

/** What the test said of the mistake. Only `killed` is good. */
export interface Outcome {
  readonly verdict: "killed" | "survived" | "untried";
  /** Why it was not tried, or how the test failed. */
  readonly because?: string;
}

/** What is wrong with a mutant before any test is run: its text is not, or not only, where it says. */
export function misfit({ file, text: before, becomes }: Mutant): string | undefined {
  try {
    mutated(readFileSync(join(packages, file), "utf8"), { file, text: before, becomes });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether the test fails with the mistake. That it passes without is for `failuresWithout` to say. */
export async function tryMutant(mutant: Mutant): Promise<Outcome> {
  const [file, test] = mutant.killedBy;
  const unfit = misfit(mutant);
  if (unfit !== undefined) return untried(unfit);
  const { reports, output } = await runTests(file, [test], mutant);
  const report = reports.get(test);
  if (!report) return untried(`the test did not run: ${lastLines(output)}`);
  if (report.failure === undefined) return { verdict: "survived" };
  // What does not compile proves nothing.
  if (/^(Syntax|Reference)Error/.test(report.failure)) return untried(report.failure);
  return { verdict: "killed", because: report.failure };
}

/** What is wrong with these tests of a file where nothing is mutated: each of them must run, and pass. */
export async function failuresWithout(file: string, tests: readonly string[]): Promise<Map<string, string>> {
  const { reports, output } = await runTests(file, tests);
  const failures = tests.map((test): [string, string | undefined] => {
    const report = reports.get(test);
    if (report) return [test, report.failure && `the test fails without the mutant: ${report.failure}`];
    return [test, `there is no such test in ${file}: ${lastLines(output)}`];
  });
  return new Map(failures.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

interface Run {
  /** By full name. */
  readonly reports: ReadonlyMap<string, TestReport>;
  readonly output: string;
}

async function runTests(file: string, tests: readonly string[], mutant?: Mutant): Promise<Run> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [
      "--no-warnings",
      ...(mutant ? ["--import", beside("load-mutated.ts")] : []),
      `--test-reporter=${beside("reporter.ts")}`,
      ...tests.map((test) => `--test-name-pattern=/^${literally(test)}$/`),
      join(packages, file),
    ],
    {
      cwd: root,
      env: {
        ...env,
        // Most of such a short run is reading TypeScript.
        NODE_COMPILE_CACHE: join(root, "node_modules/.cache/mutants"),
        ...(mutant && { MUTANT: JSON.stringify(mutant) }),
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: patience,
      killSignal: "SIGKILL",
    },
  );
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const end = child.signalCode ? `it was stopped after ${patience / 1000} s` : "";
  return { reports: reportsIn(output), output: [output, errors, end].join("\n") };
}

function reportsIn(output: string): ReadonlyMap<string, TestReport> {
  const lines = output.split("\n").filter((line) => line.startsWith('{"name":'));
  return new Map(lines.map((line): TestReport => JSON.parse(line)).map((report) => [report.name, report]));
}

function beside(file: string): string {
  return pathToFileURL(join(import.meta.dirname, file)).href;
}

function untried(because: string): Outcome {
  return { verdict: "untried", because };
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-5).join("\n");
}
