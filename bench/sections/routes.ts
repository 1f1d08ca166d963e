/** What a guard costs a route. */
import { fewestRounds, measureFramework, type RouteResult } from "../http.ts";
import { type FrameworkName, frameworks, routes as rows, titleOf } from "../routes.ts";
import type { Section } from "../section.ts";
import { microseconds, milliseconds, share, spread, table, thousands } from "../table.ts";

export const routes: Section<readonly RouteResult[]> = {
  title: "A guarded against a bare route",

  async measure(run) {
    const wanted = rows.filter((row) => {
      const name = `${row.framework}: ${titleOf(row)}`.toLowerCase();
      return run.words.every((word) => name.includes(word.toLowerCase()));
    });
    if (wanted.length === 0) throw new TypeError(`No row has ${run.words.join(" and ")} in its name`);
    const results: RouteResult[] = [];
    for (const framework of Object.keys(frameworks) as FrameworkName[]) {
      const own = wanted.filter((row) => row.framework === framework);
      if (own.length > 0) results.push(...(await measureFramework(framework, own, run)));
    }
    return results;
  },

  toMarkdown: (results) => `${routesTable(results)}\n\n${roundsText(results)}`,
};

function routesTable(results: readonly RouteResult[]): string {
  return table(
    [
      "route",
      "requests/s",
      "of bare",
      "CPU a request",
      "added",
      "of bare, by CPU",
      "busy",
      "p50",
      "p99",
      "budget",
    ],
    results.map((result) => [
      `${result.framework}: ${result.title}`,
      thousands(result.perSecond),
      share(result.share),
      `${microseconds(result.microseconds.median)} ${spread(result.microseconds)}`,
      result.title === "bare" ? "" : microseconds(result.addedMicroseconds),
      share(result.cpuShare),
      result.busy.median.toFixed(2),
      milliseconds(result.p50.median),
      milliseconds(result.p99.median),
      budget(result),
    ]),
  );
}

/** At full load both shares are the same; this one does not mind a disturbance. */
function budget({ atLeast, cpuShare }: RouteResult): string {
  if (atLeast === undefined) return "";
  return `${cpuShare.median >= atLeast ? "kept" : "missed"}: ${atLeast.toFixed(2)}`;
}

function roundsText(results: readonly RouteResult[]): string {
  const disturbed = results.filter(({ rounds }) => rounds.undisturbed < fewestRounds);
  if (disturbed.length === 0) return "Medians of the rounds of each row in which nothing disturbed it.";
  const names = disturbed.map(({ framework, title }) => `${framework}: ${title}`);
  return `Other programs wanted the processor. Of these rows, the rounds count that were disturbed least, and only the CPU columns: ${names.join("; ")}.`;
}
