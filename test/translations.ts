/** What a page and its translation must have in common: all but the words. */
import { fencesOf, linksOf } from "./snippets.ts";

/** The name of the same page in the other language: `README.md` and `README.ru.md`. */
export function translationOf(path: string): string {
  return path.replace(/(\.ru)?\.md$/, (_, russian) => (russian ? ".md" : ".ru.md"));
}

/** The frame of a page, line by line. Pages that are in step have the same. */
export function frameOf(markdown: string): string[] {
  return [...headingsOf(markdown), ...codeOf(markdown), ...rowsOf(markdown), ...targetsOf(markdown)];
}

function headingsOf(markdown: string): string[] {
  return Array.from(proseOf(markdown).matchAll(/^(#+) \S/gm), ([, level]) => `heading ${level}`);
}

function codeOf(markdown: string): string[] {
  return fencesOf(markdown).map(({ language, mark, code }) => `code ${language} ${mark}\n${code}`);
}

/** How many cells each row of a table has. */
function rowsOf(markdown: string): string[] {
  return Array.from(
    proseOf(markdown).matchAll(/^\|.*\|$/gm),
    ([row]) => `row of ${row.split("|").length - 2}`,
  );
}

/** Where links lead, in whichever language. Their order is that of the sentence. */
function targetsOf(markdown: string): string[] {
  return linksOf(markdown)
    .map((target) => `link ${target.replace(/\.ru\.md$/, ".md")}`)
    .sort();
}

function proseOf(markdown: string): string {
  return markdown.replace(/^\s*```[\s\S]*?^\s*```/gm, "");
}
