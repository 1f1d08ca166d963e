/**
 * The code in the documents, as programs. CONTRIBUTING.md says how a fence is marked.
 *
 * The `ts` fences of a page are one program, as a reader reads them; `ts new` begins another.
 */

/** A fenced piece of code. */
export interface Fence {
  readonly language: string;
  /** What stands behind the language: `run`, `no-check: …`. */
  readonly mark: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** TypeScript fences that belong together. */
export interface Program {
  readonly mark: "check" | "run" | "serve";
  /** Each line of code stands on the line it has in the document, so that messages point there. */
  readonly code: string;
}

export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const edge = /^\s*```(.*)$/.exec(text);
    if (!edge) open?.code.push(text);
    else if (!open) open = { info: edge[1]!.trim(), line: index + 2, code: [] };
    else {
      const [, language, mark] = /^(\S*)\s*(.*)$/.exec(open.info)!;
      fences.push({ language: language!, mark: mark!, line: open.line, code: open.code.join("\n") });
      open = undefined;
    }
  }
  if (open) throw new Error(`The fence before line ${open.line} is never closed`);
  return fences;
}

export function programsOf(fences: readonly Fence[]): Program[] {
  const programs: { mark: Program["mark"]; fences: Fence[] }[] = [];
  for (const fence of fences) {
    if (fence.language !== "ts" || reasonNotToCheck(fence)) continue;
    const { isNew, mark } = readMark(fence);
    if (isNew || programs.length === 0) programs.push({ mark: "check", fences: [] });
    const program = programs.at(-1)!;
    program.fences.push(fence);
    if (mark) program.mark = mark;
  }
  return programs.map(({ mark, fences }) => ({ mark, code: inPlace(fences) }));
}

function readMark({ mark, line }: Fence): { isNew: boolean; mark: "run" | "serve" | undefined } {
  const parts = /^(new)?\s*(run|serve)?$/.exec(mark);
  if (!parts) throw new Error(`Line ${line - 1}: "${mark}" is no mark of a ts fence`);
  return { isNew: parts[1] !== undefined, mark: parts[2] as "run" | "serve" | undefined };
}

function inPlace(fences: readonly Fence[]): string {
  const lines: string[] = [];
  for (const { line, code } of fences) {
    while (lines.length < line - 1) lines.push("");
    lines.push(...code.split("\n"));
  }
  return lines.join("\n");
}

/** Why a fence says that it is not checked; undefined if it does not say so. */
export function reasonNotToCheck({ mark }: Fence): string | undefined {
  return /^no-check:\s*(\S.*)$/.exec(mark)?.[1];
}

/** The files and folders of the repository that a document links to. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(/^\s*```[\s\S]*?^\s*```/gm, "").replace(/`[^`\n]*`/g, "");
  return Array.from(
    prose.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?(?:\s+"[^"]*")?\)/g),
    ([, target]) => target!,
  ).filter((target) => !/^[a-z]+:/.test(target));
}

/** The tests that a document names: links whose title is what stands in the file. */
export function namedTestsOf(markdown: string): (readonly [target: string, name: string])[] {
  return Array.from(markdown.matchAll(/\]\(([^)#\s]+\.ts)\s+"([^"]*)"\)/g), ([, target, name]) => [
    target!,
    name!,
  ]);
}

/** The npm scripts that a shell fence runs. */
export function npmScriptsOf({ code }: Fence): string[] {
  return Array.from(
    code.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g),
    ([, run, own]) => (run ?? own)!,
  );
}
