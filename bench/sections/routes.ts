/** What a guard costs a route. */
import { measureFramework, type RouteResult } from "../http.ts";
import { installPeers } from "../install-peers.ts";
import { barPlot } from "../plot-bars.ts";
import {
  bareRoute,
  byHandLike,
  frameworkNames,
  isBare,
  isGuarded,
  routes as ours,
  peers,
  type Route,
} from "../routes.ts";
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

  toMarkdown: (results) =>
    [
      ...measured(results).flatMap(chapter),
      "Medians of the quietest rounds of each row.",
      factsTable(results),
    ].join("\n\n"),

  plots: (results) =>
    results.some(isGuarded) ? [{ name: "routes", title, svg: sharesPlot(results.filter(isGuarded)) }] : [],
};

const title = "What is left of a bare route, by processor time";

/** The frameworks that were. */
function measured(results: readonly RouteResult[]): (readonly RouteResult[])[] {
  return frameworkNames
    .map((framework) => results.filter((result) => result.framework === framework))
    .filter((own) => own.length > 0);
}

function chapter(results: readonly RouteResult[]): string[] {
  return [`### On ${results[0]!.framework}`, routesTable(results)];
}

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
      "of by hand",
      "busy",
      "p50",
      "p99",
      "ours by this",
      "budget",
    ],
    results.map((result) => [
      result.title,
      thousands(result.perSecond),
      share(result.share),
      `${microseconds(result.microseconds.median)} ${spread(result.microseconds)}`,
      isBare(result) ? "" : microseconds(result.addedMicroseconds),
      share(result.cpuShare),
      byHandText(result, results),
      result.busy.median.toFixed(2),
      milliseconds(result.p50.median),
      milliseconds(result.p99.median),
      timesText(timesOurs(result, results)),
      budgetText(result, results),
    ]),
  );
}

/** What is left of a guard by hand that keeps its sessions in the same way. */
function byHandText({ title, cpuShare }: RouteResult, results: readonly RouteResult[]): string {
  const like = byHandLike(title);
  const byHand = results.find((result) => result.title === like);
  return byHand ? (cpuShare.median / byHand.cpuShare.median).toFixed(2) : "";
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
      .filter(isGuarded)
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

/**
 * Of a peer: the share of the row of ours that is like it, by its own. By processor time: at full load both shares are the
 * same, and this one does not mind a disturbance.
 */
function timesOurs({ budget, cpuShare }: RouteResult, results: readonly RouteResult[]): number | undefined {
  const like = results.find(({ title }) => title === budget.ours?.title);
  return like && like.cpuShare.median / cpuShare.median;
}

function timesText(times: number | undefined): string {
  return times === undefined ? "" : `${times.toFixed(1)} ×`;
}

function budgetText(result: RouteResult, results: readonly RouteResult[]): string {
  const { atLeast, addsAtMost, ours } = result.budget;
  const times = timesOurs(result, results);
  return [
    ...(atLeast === undefined ? [] : [kept(result.cpuShare.median >= atLeast, atLeast.toFixed(2))]),
    ...(addsAtMost === undefined
      ? []
      : [kept(result.addedMicroseconds <= addsAtMost, `+${microseconds(addsAtMost)}`)]),
    ...(times === undefined ? [] : [kept(times >= ours!.times, timesText(ours!.times))]),
  ].join(", ");
}

function kept(isKept: boolean, what: string): string {
  return `${isKept ? "kept" : "missed"}: ${what}`;
}

/** @param results of guarded routes. */
function sharesPlot(results: readonly RouteResult[]): string {
  return barPlot({
    title,
    x: { label: "of bare, by CPU", format: (value) => value.toFixed(2) },
    groups: measured(results).map((own) => ({
      title: own[0]!.framework,
      bars: own.map(({ title, cpuShare, budget }) => ({
        name: title,
        value: cpuShare,
        goal: budget.atLeast,
        emphasized: budget.ours === undefined,
      })),
    })),
  });
}
