/** Every piece of code in the documents holds, and every link in them leads somewhere. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { startProgram } from "./servers/program.ts";
import { fencesOf, linksOf, namedTestsOf, npmScriptsOf, programsOf, reasonNotToCheck } from "./snippets.ts";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "..");

const documents = globSync("{*,docs/**/*,packages/*/*,examples/*,bench/*}.md", { cwd: root }).map((path) => {
  const markdown = readFileSync(join(root, path), "utf8");
  return { path, markdown, fences: fencesOf(markdown) };
});

const fences = documents.flatMap(({ path, fences }) => fences.map((fence) => ({ path, fence })));

// Inside the repository, so that the packages are found as a stranger's program finds them.
mkdirSync(join(root, ".snippets"), { recursive: true });
const folder = mkdtempSync(join(root, ".snippets/run-"));
after(() => rmSync(folder, { recursive: true }));

const programs = documents.flatMap(({ path, fences }) =>
  programsOf(fences).map((program, index) => {
    const name = `${path}.${index + 1}.ts`;
    return { name, program, file: write(name, program.code) };
  }),
);

test("every ts fence passes the type checker", async () => {
  write("tsconfig.json", JSON.stringify(compilerSettings));
  const complaints = await execute(join(root, "node_modules/.bin/tsc"), ["--project", folder], {
    cwd: folder,
  }).then(
    () => [],
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}${stderr}`.trim().split("\n"),
  );
  // What is wrong in the packages themselves is said by `npm run check`.
  assert.deepEqual(
    complaints.filter((line) => !line.startsWith("../")),
    [],
  );
  assert.ok(programs.length > 0);
});

/** Excerpts may declare what they do not use and need not be fit for publishing. All else is as in the packages. */
const compilerSettings = {
  extends: join(root, "tsconfig.json"),
  include: ["."],
  compilerOptions: {
    moduleDetection: "force",
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
};

describe("marked programs", () => {
  for (const { program, name, file } of programs) {
    if (program.mark === "run") test(`${name} runs to its end`, () => runToTheEnd(file));
    if (program.mark === "serve") test(`${name} serves`, () => serves(file));
  }
});

async function runToTheEnd(file: string): Promise<void> {
  await execute(process.execPath, [file], { cwd: mkdtempSync(join(folder, "place-")), timeout: 60_000 });
}

async function serves(file: string): Promise<void> {
  await using _ = await startProgram(({ port, folder: cwd }) => ({
    command: process.execPath,
    args: [file],
    env: { PORT: String(port) },
    cwd,
  }));
}

test("every sh fence is sound, and its npm scripts exist", async () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const { path, fence } of fences) {
    if (fence.language !== "sh") continue;
    await execute("bash", ["-n", "-c", fence.code]);
    for (const name of npmScriptsOf(fence)) {
      assert.ok(name in scripts, `${path}:${fence.line}: there is no npm script ${name}`);
    }
    if (fence.mark === "run") await execute("bash", ["-euo", "pipefail", "-c", fence.code], { cwd: root });
  }
});

test("every json fence is JSON", () => {
  for (const { path, fence } of fences) {
    if (fence.language === "json") assert.doesNotThrow(() => JSON.parse(fence.code), `${path}:${fence.line}`);
  }
});

test("a fence that is not checked says why", (t) => {
  const checked = ["ts", "sh", "json"];
  // Sent by transcript.test.ts.
  const sent = ["docs/how-sessions-work.md", "docs/how-sessions-work.ru.md"];
  for (const { path, fence } of fences) {
    const reason = reasonNotToCheck(fence);
    if (reason) t.diagnostic(`not checked: ${path}:${fence.line}: ${reason}`);
    const isPlain = fence.language === "text" || (fence.language === "http" && sent.includes(path));
    const at = `${path}:${fence.line}`;
    assert.ok(
      isPlain || reason || checked.includes(fence.language),
      `${at}: say text, or "${fence.language} no-check: reason"`,
    );
  }
});

describe("every link leads somewhere", () => {
  for (const { path, markdown } of documents) {
    test(path, () => {
      const dead = linksOf(markdown).filter((target) => !existsSync(join(root, dirname(path), target)));
      assert.deepEqual(dead, []);
    });
  }
});

test("every guarantee of the threat model names a test that there is", () => {
  const path = "docs/threat-model.md";
  const { markdown } = documents.find((document) => document.path === path)!;
  const named = namedTestsOf(markdown);
  const wrong = named.filter(
    ([target, name]) => !readFileSync(join(root, dirname(path), target), "utf8").includes(name),
  );
  assert.deepEqual(wrong, []);
  assert.equal(named.length, linksOf(markdown).filter((target) => target.endsWith(".ts")).length);
  const attackers = markdown.slice(
    markdown.indexOf("| who | can |"),
    markdown.indexOf("Nothing opens by failing"),
  );
  for (const row of attackers.split("\n").slice(2)) {
    if (row !== "") assert.ok(namedTestsOf(row).length > 0, row);
  }
});

test("every page of the documents is in the index", () => {
  const index = documents.find(({ path }) => path === "docs/README.md")!;
  const listed = new Set(linksOf(index.markdown).map((target) => join("docs", target)));
  const pages = documents.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
  assert.deepEqual(
    pages.filter((path) => path !== index.path && !listed.has(path)),
    [],
  );
});

test("every decision is in the index, under the name that it has itself", () => {
  const index = documents.find(({ path }) => path === "docs/README.md")!.markdown;
  for (const { path, markdown } of documents) {
    if (!path.startsWith("docs/decisions/")) continue;
    const title = /^# (.*)$/m.exec(markdown)?.[1];
    assert.ok(index.includes(`[${title}](${path.replace("docs/", "")})`), `${path}: "${title}"`);
    assert.equal(Number(/\d+/.exec(path)?.[0]), Number.parseInt(title ?? "", 10), path);
  }
});

describe("how a document is read", () => {
  const page = [
    "# A",
    "```ts",
    "const a = 1;",
    "```",
    "text",
    "```ts run",
    "a;",
    "```",
    "```ts new",
    "b;",
    "```",
  ];

  test("the ts fences of a page are one program, each line in its place", () => {
    const [first, second, ...rest] = programsOf(fencesOf(page.join("\n")));
    assert.deepEqual(first, { mark: "run", code: "\n\nconst a = 1;\n\n\n\na;" });
    assert.equal(second?.code.trim(), "b;");
    assert.deepEqual(rest, []);
  });

  test("a mark that nobody knows is an error", () => {
    assert.throws(() => programsOf(fencesOf("```ts rnu\n```")), /rnu/);
  });

  test("a fence stays out only with a reason", () => {
    const [fence] = fencesOf("```ts no-check: an excerpt of another library\nx y z\n```");
    assert.equal(reasonNotToCheck(fence!), "an excerpt of another library");
    assert.throws(() => programsOf(fencesOf("```ts no-check:\n```")));
  });

  test("an open fence is an error", () => {
    assert.throws(() => fencesOf("```ts\nconst a = 1;"), /never closed/);
  });

  test("links into the repository are seen, others and those in code are not", () => {
    const text =
      "[a](docs/a.md#part) [b](https://b.example/x) `[c](c.md)`\n```text\n[d](d.md)\n```\n[e](#here)";
    assert.deepEqual(linksOf(text), ["docs/a.md"]);
    assert.deepEqual(linksOf('[a](a.md "called a"), [b](b.ts#x "b")'), ["a.md", "b.ts"]);
  });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
