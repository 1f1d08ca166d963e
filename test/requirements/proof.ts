/** Whether what tests claim has been shown by the run that has just ended. */
import { literally } from "../pattern.ts";
import type { Claim } from "./claims.ts";

/** What the runner says of a test, or of a group of them, that passed. */
export interface PassEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined };
}

/** A test or a group that passed and showed something. */
export interface Passed {
  /** The file that called `test`. */
  readonly file: string;
  readonly name: string;
}

/** Collects what has passed. What was skipped shows nothing, nor does a group of which all was. */
export class Proofs {
  readonly passed: Passed[] = [];
  /** Whether something passed at a depth since the group above it began. */
  readonly #shown: boolean[] = [];

  note({ name, nesting, file, skip, todo, details }: PassEvent): void {
    const isEmpty = details.type === "suite" && !this.#shown[nesting + 1];
    this.#shown[nesting + 1] = false;
    if (file === undefined || isEmpty || skip !== undefined || todo !== undefined) return;
    this.#shown[nesting] = true;
    this.passed.push({ name, file });
  }
}

/** The claims whose test has not passed. The words of a published promise are run by a file of another. */
export function unproven(claims: readonly Claim[], passed: readonly Passed[]): Claim[] {
  const byName = Map.groupBy(passed, ({ name }) => name);
  return claims.filter(({ file, name }) => {
    const sameName = name.includes("${")
      ? passed.filter((each) => patternOf(name).test(each.name))
      : (byName.get(name) ?? []);
    return !sameName.some((each) => each.file.endsWith(file) || !file.endsWith(".test.ts"));
  });
}

function patternOf(name: string): RegExp {
  const parts = name.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/).map(literally);
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
