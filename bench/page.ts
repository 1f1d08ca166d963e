/** The results as one page of HTML that needs nothing else: the text of `results.md`, with the plots in their places. */
import { markdown, plotsOf, type Results } from "./report.ts";

export function page(results: Results): string {
  const svgs = new Map(plotsOf(results).map(({ name, svg }) => [`${name}.svg`, svg]));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Coatcheck: results of the benchmark</title>
<style>${style}</style>
</head>
<body>
${html(markdown(results), svgs)}
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --ground: #ffffff; --text: #24292f; --rule: #d1d9e0; --stripe: #f6f8fa; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
:root { --ground: #0d1117; --text: #e6edf3; --rule: #3d444d; --stripe: #151b23; --bad: #ff8a80 } }
body { background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  max-width: 1080px; margin: 2rem auto; padding: 0 1rem }
a { color: inherit } code { font-size: 0.92em }
.wide { overflow-x: auto } figure { margin: 1rem 0 } svg { max-width: 100%; height: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px }
th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--rule); white-space: nowrap; text-align: right }
th:first-child, td:first-child { text-align: left } tbody tr:nth-child(odd) { background: var(--stripe) }
.missed { color: var(--bad); font-weight: 600 }
`;

/** Of what the results are written in: headings, paragraphs, tables and images, a blank line between any two. */
function html(source: string, svgs: ReadonlyMap<string, string>): string {
  const blocks = source.trim().split(/\n{2,}/);
  return blocks.map((block) => htmlOfBlock(block, svgs)).join("\n");
}

function htmlOfBlock(block: string, svgs: ReadonlyMap<string, string>): string {
  const heading = /^(#+) (.*)$/.exec(block);
  if (heading) return `<h${heading[1]!.length}>${inline(heading[2]!)}</h${heading[1]!.length}>`;
  const image = /^!\[.*\]\((.*)\)$/.exec(block);
  if (image) return `<figure class="wide">${svgs.get(image[1]!)}</figure>`;
  if (block.startsWith("|")) return htmlOfTable(block);
  return `<p>${inline(block)}</p>`;
}

function htmlOfTable(block: string): string {
  const [head, , ...rows] = block.split("\n").map((row) => row.slice(2, -2).split(" | "));
  const cells = (row: readonly string[], name: string) => row.map((cell) => cellOf(cell, name)).join("");
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
  return `<div class="wide"><table>
<thead><tr>${cells(head!, "th")}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

function cellOf(cell: string, name: string): string {
  const isMissed = cell.includes("missed") || cell.trim() === "no";
  return `<${name}${isMissed ? ' class="missed"' : ""}>${inline(cell.trim())}</${name}>`;
}

function inline(markup: string): string {
  return markup
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/`([^`]*)`/g, "<code>$1</code>")
    .replace(/\[([^\]]*)\]\(([^)"]*)\)/g, '<a href="$2">$1</a>');
}
