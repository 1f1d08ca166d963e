/** Pages in two languages stay in step: change one, and a test says what the other lacks. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { frameOf, translationOf } from "./translations.ts";

const root = join(import.meta.dirname, "..");
const russianPages = globSync("{*,docs/**/*,packages/*/*}.ru.md", { cwd: root });
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("each page in Russian is in step with the one in English", () => {
  assert.ok(russianPages.includes("README.ru.md"));
  for (const russian of russianPages) {
    const english = translationOf(russian);

    test(`${russian}: the same headings, code, tables and links`, () => {
      assert.ok(existsSync(join(root, english)));
      assert.deepEqual(frameOf(read(russian)), frameOf(read(english)));
    });

    test(`${russian}: both lead to each other at the top`, () => {
      assert.match(top(russian), new RegExp(`^# .+\n\n\\[English\\]\\(${basename(english)}\\) · Русский\n`));
      assert.match(top(english), new RegExp(`^# .+\n\nEnglish · \\[Русский\\]\\(${basename(russian)}\\)\n`));
    });

    test(`${russian}: the headings are translated`, () => {
      const untranslated = headings(russian).filter(
        (text) => !/[а-яё]/i.test(text) && text !== "# Coatcheck",
      );
      assert.deepEqual(untranslated, []);
    });
  }
});

describe("how pages are compared", () => {
  const page = "# A\n\n## B\n\n[c](c.md)\n\n| a | b |\n|---|---|\n\n```ts run\n# d\n```\n";

  test("other words are no difference, nor is the language of what is linked to", () => {
    assert.deepEqual(frameOf(page.replace("# A", "# А").replace("[c](c.md)", "[ц](c.ru.md)")), frameOf(page));
  });

  for (const [what, from, to] of [
    ["a level", "## B", "### B"],
    ["a heading that lacks", "## B", ""],
    ["code", "# d", "# e"],
    ["a mark", "ts run", "ts"],
    ["a row", "| a | b |\n", ""],
    ["a link", "(c.md)", "(d.md)"],
  ] as const) {
    test(`${what} is a difference`, () => {
      assert.notDeepEqual(frameOf(page.replace(from, to)), frameOf(page));
    });
  }
});

function top(path: string): string {
  return read(path).slice(0, 300);
}

function headings(path: string): string[] {
  const prose = read(path).replace(/^\s*```[\s\S]*?^\s*```/gm, "");
  return Array.from(prose.matchAll(/^#+ .*$/gm), ([line]) => line);
}
