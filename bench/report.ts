/** Results as tables: the same text on the terminal and in `results/`. */
import type { Databases } from "./databases.ts";
import { fewestRounds, type HttpResult, type RouteResults } from "./http.ts";
import type { Machine } from "./machine.ts";
import type { Figure } from "./statistics.ts";
import type { StoreCalls } from "./store-calls.ts";
import { deeds, type StoreResult } from "./store-deeds.ts";
import { stores } from "./stores.ts";

export interface Results {
  readonly machine: Machine;
  readonly date: string;
  readonly databases?: Databases["versions"];
  readonly http?: RouteResults;
  readonly stores?: readonly StoreResult[];
  readonly calls?: Readonly<Record<string, StoreCalls>>;
}

export function markdown(results: Results): string {
  const { machine, date, databases, http, stores, calls } = results;
  return [
    "# Results of `npm run bench`",
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, Node ${machine.node}, ${date}. ${pinning(machine)}${asked(databases)} The load average before was ${machine.loadBefore.toFixed(1)}. What the columns mean: [README](../README.md).`,
    ...(http ? ["## A guarded against a bare route", routesTable(http.routes), roundsText(http)] : []),
    ...(stores ? ["## Stores, without HTTP", storesTable(stores)] : []),
    ...(calls ? ["## Store calls of 1,000 requests, counted", callsTable(calls)] : []),
  ]
    .map((part) => `${part}\n`)
    .join("\n");
}

function pinning({ pinned }: Machine): string {
  return pinned ? "Servers and load have a core each." : "Servers and load share the cores.";
}

function asked(databases: Results["databases"]): string {
  return databases
    ? ` Redis ${databases.redis} and PostgreSQL ${databases.postgres} run beside the load.`
    : "";
}

function roundsText({ rounds: { measured, undisturbed } }: RouteResults): string {
  return undisturbed >= fewestRounds
    ? `Medians of the undisturbed rounds of each row, at least ${undisturbed} of ${measured}.`
    : `Other programs wanted the processor. Medians of the undisturbed rounds of each row, or of the quarter of all ${measured} that was disturbed least: only the CPU columns count.`;
}

function routesTable(routes: readonly HttpResult[]): string {
  return table(
    ["route", "requests/s", "of bare", "CPU a request", "added", "of bare, by CPU", "busy", "budget"],
    routes.map((route) => [
      `${route.framework}: ${route.title}`,
      thousands(route.perSecond),
      share(route.share),
      `${microseconds(route.microseconds.median)} ${spread(route.microseconds)}`,
      route.title === "bare" ? "" : microseconds(route.addedMicroseconds),
      share(route.cpuShare),
      route.busy.median.toFixed(2),
      budget(route),
    ]),
  );
}

/** At full load both shares are the same; this one does not mind a disturbance. */
function budget({ atLeast, cpuShare }: HttpResult): string {
  if (atLeast === undefined) return "";
  return `${cpuShare.median >= atLeast ? "kept" : "missed"}: ${atLeast.toFixed(2)}`;
}

function storesTable(results: readonly StoreResult[]): string {
  return table(
    ["", ...results.map(({ store }) => stores[store].title)],
    [
      ...deeds.map((deed) => [
        `${deed}, a second`,
        ...results.map((result) => {
          const { perSecond, microseconds: cpu } = result.deeds[deed];
          return `${thousands(perSecond)} (${microseconds(cpu.median)})`;
        }),
      ]),
      ["bytes a session", ...results.map(({ bytesPerSession }) => whole(bytesPerSession))],
      [
        "round trips of a validation",
        ...results.map(({ roundTripsPerValidation: counted }) => counted.toLocaleString("en")),
      ],
    ],
  );
}

function callsTable(calls: Readonly<Record<string, StoreCalls>>): string {
  return table(
    ["requests", "finds", "writes"],
    Object.entries(calls).map(([what, { finds, writes }]) => [what, whole(finds), whole(writes)]),
  );
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function thousands(value: Figure): string {
  return `${whole(value.median)} ${spread(value)}`;
}

function share(value: Figure): string {
  return `${value.median.toFixed(2)} ${spread(value)}`;
}

function spread(value: Figure): string {
  return `±${Math.round(value.spread * 100)} %`;
}

function microseconds(value: number): string {
  return `${value.toFixed(1)} µs`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
