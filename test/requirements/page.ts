/** `docs/requirements.md`. */
import type { Chapter, Requirement } from "./catalogue.ts";
import type { Claim } from "./claims.ts";

const introduction = `# Requirements and their tests

What standards, guides and the mistakes of others demand of sessions, and the test that shows it here. Written by
\`npm run requirements\` from [the catalogue](../test/requirements/catalogue.ts) and from the tests, which carry the ids; do not edit
it. \`npm test\` fails if a test that is named here did not pass, if a row has neither a test nor a reason, and if this page
is not what the command would write. [How, and why so](decisions/0042-tests-carry-what-they-prove.md).

"Open" means what it says: nothing here proves it, for the reason given.
`;

/** The whole page. */
export function pageOf(catalogue: readonly Chapter[], claims: readonly Claim[]): string {
  const testsOf = Map.groupBy(claims, ({ id }) => id);
  const sections = catalogue.map((chapter) => sectionOf(chapter, testsOf));
  return [introduction, summaryOf(catalogue), ...sections].join("\n");
}

function summaryOf(catalogue: readonly Chapter[]): string {
  const lines = catalogue.map(({ title, requirements }) => {
    const open = requirements.filter(({ open }) => open !== undefined).length;
    return `| [${title}](#${anchorOf(title)}) | ${requirements.length} | ${requirements.length - open} | ${open} |`;
  });
  return ["| | demands | shown by tests | open |", "|---|---|---|---|", ...lines, ""].join("\n");
}

/** As GitHub makes it from a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\d\s-]/gu, "")
    .replaceAll(" ", "-");
}

function sectionOf({ title, about, requirements }: Chapter, testsOf: ReadonlyMap<string, Claim[]>): string {
  const rows = requirements.map((requirement) => rowOf(requirement, testsOf.get(requirement.id) ?? []));
  return [`## ${title}`, "", about, "", "| | demands | tests |", "|---|---|---|", ...rows, ""].join("\n");
}

function rowOf({ id, level, demands, note, open }: Requirement, claims: readonly Claim[]): string {
  const label = `**${id}**${level === undefined ? "" : ` L${level}`}`;
  const told = [note && `${note}`, open && `**Open.** ${open}`].filter((text) => text !== undefined);
  return `| ${label} | ${demands} | ${[...linksTo(claims), ...told].join("<br>")} |`;
}

function linksTo(claims: readonly Claim[]): string[] {
  const links = claims.map(({ file, name }) => `[${titleOf(name)}](../${file})`);
  return [...new Set(links)];
}

/** The name as a reader needs it here: without ids, and with nothing that Markdown would take for its own. */
function titleOf(name: string): string {
  return name
    .replace(/\s*\((?:[^()]*\b(?:ASVS|WSTG|NIST|CVE|GHSA|RFC|Fetch Metadata)\b|[^()]*#\d)[^()]*\)$/, "")
    .replaceAll(/\$\{[^}]*\}/g, "…")
    .replaceAll("`", "'")
    .replaceAll(/[[\]|<>*_\\]/g, "\\$&");
}
