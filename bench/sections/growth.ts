/** What it costs that there are many sessions. */
import { crowds } from "../crowds.ts";
import {
  type CostResult,
  type GrowthDeed,
  type GrowthResult,
  growthDeeds,
  measureGrowth,
  sizes,
} from "../growth.ts";
import { linePlot, type Panel } from "../plot-lines.ts";
import type { Section } from "../section.ts";
import { type StoreName, stores } from "../stores.ts";
import { microseconds, milliseconds, table, whole } from "../table.ts";

const largest = sizes.at(-1)!;

/** How many times as much a validation may cost among a million sessions as among ten thousand. */
const validateAtMost = 2;

/** In seconds, for a million sessions. */
const importAtMost = 120;

/** In milliseconds, in 99 of 100 turns of the event loop. */
const pauseAtMost = 5;

export const growth: Section<readonly GrowthResult[]> = {
  title: "Growth",
  takesLong: true,

  measure: measureGrowth,

  toMarkdown: (results) =>
    [
      costsTable(results),
      "One after another: until it is answered, and in brackets the processor time of the process that asks. `times` compares the most sessions with the fewest: by processor time where a store is in the process, else by the time to the answer. A step of `prune` looks at 200 sessions and finds none that expired; the others are done to users with so many sessions each.",
      bulkTable(results),
      `Imported by \`insert\`, 500 at a time, in the order of their beginning, each answered when it is as durable as the store makes it; to make the sessions up is not counted. PostgreSQL gets copies of its first ten thousand instead of a full import. Pruned: half of ${whole(largest)}. A pause is how long the event loop was held up, by whatever it was; \`idle\` is a process that does nothing meanwhile.`,
    ].join("\n\n"),

  plots: (results) => [
    {
      name: "growth",
      title: "The cost of an operation, by the number of all sessions",
      svg: linePlot({
        title: "The cost of an operation, by the number of all sessions",
        x: { label: "all sessions", format: whole },
        y: { label: "until it is answered", format: duration },
        panels: growthDeeds.map((deed) => bySize(results, deed)),
      }),
    },
    {
      name: "growth-users",
      title: "The cost of an operation, by the number of the user's sessions",
      svg: linePlot({
        title: `The cost of an operation among ${whole(largest)} sessions, by the number of the user's`,
        x: { label: "sessions of the user", format: whole },
        y: { label: "until it is answered", format: duration },
        panels: growthDeeds.filter((deed) => deed !== "prune").map((deed) => byCrowd(results, deed)),
      }),
    },
  ],
};

function costsTable(results: readonly GrowthResult[]): string {
  return table(
    ["store", "operation", "sessions of the user", ...sizes.map(whole), "times", "budget"],
    results.flatMap(({ store, costs }) =>
      rowsOf(costs).map(([deed, crowd, row]) => {
        const times = costOf(store, row.at(-1)!) / costOf(store, row[0]!);
        return [
          stores[store].title,
          deed,
          deed === "prune" ? "" : whole(crowd),
          ...row.map(({ wall, cpu }) => `${microseconds(wall.median)} (${microseconds(cpu.median)})`),
          times.toFixed(2),
          deed === "validate" ? budget(times <= validateAtMost, validateAtMost.toFixed(1)) : "",
        ];
      }),
    ),
  );
}

function bulkTable(results: readonly GrowthResult[]): string {
  return table(
    [
      "store",
      "imported",
      "took",
      "budget",
      "pruned",
      "took",
      "pause p50",
      "p99",
      "longest",
      "idle p99",
      "budget",
    ],
    results.map(({ store, imported, pruned: { removed, milliseconds: took, pauses }, pausesOfIdle }) => [
      stores[store].title,
      whole(imported.sessions),
      seconds(imported.milliseconds),
      imported.sessions < largest
        ? ""
        : budget(imported.milliseconds <= importAtMost * 1_000, `${importAtMost} s`),
      whole(removed),
      seconds(took),
      ...[pauses.p50, pauses.p99, pauses.longest, pausesOfIdle.p99].map(milliseconds),
      budget(pauses.p99 <= pauseAtMost, `${pauseAtMost} ms`),
    ]),
  );
}

/** Processor time is all that a store without a server takes, and does not depend on what else wants the processor. */
function costOf(store: StoreName, { wall, cpu }: CostResult): number {
  return stores[store].database ? wall.median : cpu.median;
}

/** What was measured at all sizes, row by row. */
function rowsOf(costs: readonly CostResult[]) {
  return growthDeeds.flatMap((deed) =>
    crowds.flatMap((crowd) => {
      const row = costs.filter((cost) => cost.deed === deed && cost.crowd === crowd);
      return row.length === 0 ? [] : [[deed, crowd, row] as const];
    }),
  );
}

function bySize(results: readonly GrowthResult[], deed: GrowthDeed): Panel {
  const title = deed === "prune" ? "prune, a step" : `${deed}, users with 10 sessions`;
  const crowd = deed === "prune" ? 1 : 10;
  return panel(
    title,
    results,
    (cost) => cost.deed === deed && cost.crowd === crowd,
    ({ size }) => size,
  );
}

function byCrowd(results: readonly GrowthResult[], deed: GrowthDeed): Panel {
  return panel(
    deed,
    results,
    (cost) => cost.deed === deed && cost.size === largest,
    ({ crowd }) => crowd,
  );
}

function panel(
  title: string,
  results: readonly GrowthResult[],
  isWanted: (cost: CostResult) => boolean,
  toX: (cost: CostResult) => number,
): Panel {
  const lines = results.map(({ store, costs }) => ({
    name: stores[store].title,
    points: costs.filter(isWanted).map((cost) => ({ x: toX(cost), y: cost.wall })),
  }));
  return { title, lines };
}

function budget(isKept: boolean, what: string): string {
  return `${isKept ? "kept" : "missed"}: ${what}`;
}

function seconds(inMilliseconds: number): string {
  return `${(inMilliseconds / 1_000).toFixed(1)} s`;
}

/** Of microseconds. */
function duration(value: number): string {
  if (value >= 1e6) return `${value / 1e6} s`;
  return value >= 1_000 ? `${value / 1_000} ms` : `${value} µs`;
}
