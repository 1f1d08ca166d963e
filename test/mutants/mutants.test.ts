/**
 * The mutants of the table apply, those of the rules about secrets, renewal and CSRF are killed by the test that they name,
 * and what is not killed is reported. All are tried by `npm run mutants`.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { Mutant, NamedMutant } from "./mutant.ts";
import { type Trial, tryMutants } from "./run.ts";
import { mutants } from "./table.ts";
import { misfit } from "./trial.ts";

const packages = join(import.meta.dirname, "../../packages");
const documents = join(import.meta.dirname, "../../docs");

/** Those that are tried at each run of the tests: together they take some seconds. */
const always: ReadonlySet<string> = new Set(["judge", "renewal", "csrf"]);

describe("The table of mutants", () => {
  test("has sources in which each text stands exactly once", () => {
    assert.deepEqual(mutants.map(misfit).filter(Boolean), []);
  });

  test("has changes that change something", () => {
    assert.deepEqual(
      mutants.filter(({ text, becomes }) => text === becomes),
      [],
    );
  });

  test("has tests that there are", () => {
    const files = [...new Set(mutants.map(({ killedBy: [file] }) => join(packages, file)))];
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
    const listing = execFileSync(
      process.execPath,
      ["--no-warnings", join(import.meta.dirname, "listed-tests.ts"), ...files],
      { encoding: "utf8" },
    );
    const listed: Record<string, string[]> = JSON.parse(listing);
    const missing = mutants.filter(({ killedBy: [file, name] }) => {
      return listed[join(packages, file)]!.filter((each) => each === name).length !== 1;
    });
    assert.deepEqual(
      missing.map(({ killedBy }) => killedBy),
      [],
    );
  });

  test("breaks rules that there are", () => {
    const unknown = mutants.filter(({ breaks }) => !isRule(breaks));
    assert.deepEqual(
      unknown.map(({ name, breaks }) => [name, breaks]),
      [],
    );
  });

  test("has, with the reasons in docs/mutants.md, every mistake of naive session code, and each mutant stands there", () => {
    for (const [mistake, made] of mistakes) {
      const own = mutants.filter(({ breaks }) => breaks === mistake).map(({ name }) => `Coatcheck ${name}`);
      if (own.length > 0) assert.equal(made, own.join("; "));
      else assert.match(made, /^Cannot be made here: /);
    }
    assert.equal(mistakes.size, 26);
  });

  test("has names that are given once", () => {
    const names = mutants.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});

/** What docs/mutants.md says of each mistake: the mutants that make it, or why none can. */
const mistakes: ReadonlyMap<string, string> = new Map(
  Array.from(textOf("mutants.md").matchAll(/^\| (B\d+) \|[^|]*\| ([^|]*) \|$/gm), ([, mistake, made]) => [
    mistake!,
    made!,
  ]),
);

function isRule(rule: Mutant["breaks"]): boolean {
  const promise = /^promise (\d+)$/.exec(rule)?.[1];
  if (promise !== undefined) return textOf("promises.md").includes(`\n## ${promise}. `);
  return mistakes.has(rule) || existsSync(join(documents, `${rule}.md`));
}

function textOf(document: string): string {
  return readFileSync(join(documents, document), "utf8");
}

describe("A mutant that", () => {
  const sound: NamedMutant = {
    name: "is made for this test",
    area: "judge",
    breaks: "B2",
    file: "coatcheck/src/core/policy.ts",
    text: "now >= record.createdAt + policy.absoluteTimeout",
    becomes: "now > record.createdAt + policy.absoluteTimeout",
    killedBy: [
      "coatcheck/test/core/judge.test.ts",
      "judge ends a session at the very millisecond of its absolute deadline, however lately it was used",
    ],
  };
  const onPurpose = "../test/mutants/on-purpose.ts";
  const other: Readonly<Record<string, [what: Partial<NamedMutant>, verdict: RegExp]>> = {
    "is killed is said to be": [{}, /^killed/],
    "nobody notices survives": [
      { becomes: "now >= policy.absoluteTimeout + record.createdAt" },
      /^survived$/,
    ],
    "is noticed by another test survives": [
      { killedBy: ["coatcheck/test/core/judge.test.ts", "judge knows the current secret"] },
      /^survived$/,
    ],
    "has no place any more is not tried": [
      { text: "what was written differently since" },
      /^untried: "what was written differently since" stands 0 times in coatcheck\/src\/core\/policy.ts/,
    ],
    "has two places is not tried": [{ text: "policy.absoluteTimeout" }, /^untried: .* stands 2 times in/],
    "has no test is not tried": [
      { killedBy: ["coatcheck/test/core/judge.test.ts", "judge is always right"] },
      /^untried: there is no such test/,
    ],
    "is no program is not tried": [{ becomes: "now >=>" }, /^untried: the test did not run/],
    "reads what is not there is not tried": [{ becomes: "now >= tomorrow" }, /^untried: ReferenceError/],
    "has a test that fails without it, too, is not tried": [
      { killedBy: [onPurpose, "a test fails"] },
      /^untried: the test fails without the mutant/,
    ],
  };

  const trials = new Map<string, Trial>();
  before(async () => {
    const wrong = Object.entries(other).map(([name, [what]]) => ({ ...sound, ...what, name }));
    for (const trial of await tryMutants(wrong)) trials.set(trial.mutant.name, trial);
  });

  for (const [name, [, verdict]] of Object.entries(other)) {
    test(name, () => {
      const trial = trials.get(name)!;
      assert.match([trial.verdict, trial.because].filter(Boolean).join(": "), verdict);
    });
  }
});

describe("It is noticed if Coatcheck", () => {
  const chosen = mutants.filter(({ area }) => always.has(area));
  const trials = new Map<string, Trial>();
  before(async () => {
    for (const trial of await tryMutants(chosen)) trials.set(trial.mutant.name, trial);
  });

  for (const { name, area } of chosen) {
    test(`${name} (${area})`, () => {
      const { verdict, because = "its test passes" } = trials.get(name)!;
      assert.equal(verdict, "killed", because);
    });
  }
});
