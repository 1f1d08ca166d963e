/** What a guard costs a route. */
import { fewestRounds, measureFramework, type RouteResult } from "../http.ts";
import { installPeers } from "../install-peers.ts";
import { bareRoute, frameworkNames, routes as ours, peers, type Route } from "../routes.ts";
import type { Section } from "../section.ts";
import { microseconds, milliseconds, share, spread, table, thousands, whole } from "../table.ts";

export const routes: Section<readonly RouteResult[]> = {
  title: "A guarded against a bare route",

  async measure(run) {
    if (run.full) installPeers(run.progress);
    const all = [...frameworkNames.map(bareRoute), ...ours, ...(run.full ? peers : [])];
    const wanted = all.filter((row) => isWanted(row, run.words));
    if (wanted.length === 0) throw new TypeError(`No row has ${run.words.join(" and ")} in its name`);
    const results: RouteResult[] = [];
    for (const framework of frameworkNames) {
      const rows = wanted.filter((row) => row.framework === framework);
      if (rows.length > 0) results.push(...(await measureFramework(framework, rows, run)));
    }
    return results;
  },

  toMarkdown: (results) => [routesTable(results), roundsText(results), factsTable(results)].join("\n\n"),
};

function isWanted({ framework, title }: Route, words: readonly string[]): boolean {
  const name = `${framework}: ${title}`.toLowerCase();
  return words.every((word) => name.includes(word.toLowerCase()));
}

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

function factsTable(results: readonly RouteResult[]): string {
  return table(
    [
      "route",
      "store calls of 1,000 requests",
      "of them writes",
      "bytes a session",
      "bytes of its cookies",
      "sign-out survives a slow request",
      "a copied cookie dies at sign-out",
      "… at sign-out everywhere",
    ],
    results
      .filter(({ title }) => title.match(/^(bare|an empty middleware|coatcheck, session ignored)$/) === null)
      .map(({ framework, title, calls, bytes, cookieBytes, trials }) => [
        `${framework}: ${title}`,
        whole(calls.all),
        whole(calls.writes),
        whole(bytes),
        whole(cookieBytes),
        yesOrNo(trials.survivesSlowRequest),
        yesOrNo(trials.endsCopies),
        trials.endsCopiesEverywhere === null ? "no such call" : yesOrNo(trials.endsCopiesEverywhere),
      ]),
  );
}

function yesOrNo(answer: boolean): string {
  return answer ? "yes" : "no";
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
