/** Reads a Dockerfile, and does what it says in folders where no engine is. */
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of each stage, `FROM` first. */
export function readStages(dockerfile: string): Instruction[][] {
  const lines = dockerfile
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n");
  const stages: Instruction[][] = [];
  for (const line of lines.filter((each) => each.trim() !== "")) {
    const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line)!;
    if (name === "FROM") stages.push([]);
    stages.at(-1)!.push({ name: name!, text: text!.replace(/\s+/g, " ") });
  }
  return stages;
}

/** The texts of all instructions of this name. */
export function textsOf(stage: readonly Instruction[], name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

/** A command in the form that no shell comes between, which is a list in JSON. */
export function execForm(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf("[")));
}

/** What a stage sets in the environment. */
export function environmentOf(stage: readonly Instruction[]): Record<string, string> {
  const settings = textsOf(stage, "ENV").flatMap((text) => text.split(" "));
  return Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/, 2) as [string, string]));
}

interface Copy {
  /** The stage that it copies from; undefined: the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf(stage: readonly Instruction[]): Copy[] {
  return textsOf(stage, "COPY").map((text) => {
    const from = /^--from=(\S+) /.exec(text)?.[1];
    const paths = text.split(" ").slice(from === undefined ? 0 : 1);
    return { from, sources: paths.slice(0, -1), target: paths.at(-1)! };
  });
}

/** Copies as the stage does, into the folder that stands for its WORKDIR. */
export function copyInto(
  folder: string,
  stage: readonly Instruction[],
  roots: Readonly<Record<string, string>>,
): void {
  for (const { from = "", sources, target } of copiesOf(stage)) {
    for (const source of sources) {
      const path = source.replace(/^\/app\//, "");
      const to = target.endsWith("/") ? join(folder, target, basename(path)) : join(folder, target);
      mkdirSync(join(to, ".."), { recursive: true });
      cpSync(join(roots[from]!, path), to, { recursive: true, verbatimSymlinks: true });
    }
  }
}
