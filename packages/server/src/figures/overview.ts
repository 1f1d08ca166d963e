/** What the overview shows of one period, read from the counts of all nodes. */
import { type AddressCount, type Figure, type Grain, grains, startOf } from "./figure.ts";
import type { Census, FigureStore } from "./figure-store.ts";
import { type Latency, latencyOf } from "./latency.ts";
import * as names from "./names.ts";

export const periods = ["hour", "day", "month"] as const;

export type Period = (typeof periods)[number];

/** How a period is divided. */
const divisions: Readonly<Record<Period, { readonly grain: Grain; readonly pieces: number }>> = {
  hour: { grain: grains.minute, pieces: 60 },
  day: { grain: grains.hour, pieces: 24 },
  month: { grain: grains.day, pieces: 30 },
};

const mostAddresses = 8;

/** What happened in one piece of a period. */
export interface Piece {
  /** When it began, in milliseconds since the epoch. The last one is not over yet. */
  readonly start: number;
  readonly signedIn: number;
  readonly cameBack: number;
  readonly failed: number;
  readonly rejected: number;
  /** How many sessions were alive when they were last counted in it; undefined if nobody counted. */
  readonly alive: number | undefined;
  /** 99 of 100 answers of the session store took no longer, in milliseconds. */
  readonly p99: number | undefined;
}

/** So many for one reason. */
export interface Reason {
  readonly reason: string;
  readonly count: number;
}

export interface Overview {
  readonly period: Period;
  readonly at: number;
  /** How long a piece is, in milliseconds. */
  readonly grain: Grain;
  /** The oldest first; those in which nothing happened as well. */
  readonly pieces: readonly Piece[];
  /** Of the whole period. */
  readonly totals: Readonly<Record<"signedIn" | "cameBack" | "failed" | "rejected", number>>;
  /** Undefined until sessions were counted for the first time. */
  readonly census: Census | undefined;
  /** The most frequent first. */
  readonly rejections: readonly Reason[];
  readonly ends: readonly Reason[];
  readonly latency: Latency & { readonly failed: number };
  /** Of the last 24 hours, whatever the period. */
  readonly addresses: readonly Omit<AddressCount, "start">[];
}

/** Reads no more than the counts of the period, of which there are some thousand at most, however many sessions. */
export async function overviewOf(store: FigureStore, period: Period, at: number): Promise<Overview> {
  const { grain, pieces } = divisions[period];
  const from = startOf(grain, at) - (pieces - 1) * grain;
  const [figures, census, addresses] = await Promise.all([
    store.read(grain, from, at),
    store.census(),
    store.addresses(startOf(grains.hour, at) - 23 * grains.hour, at, mostAddresses),
  ]);
  const inPieces = Map.groupBy(figures, ({ start }) => start);
  const total = countsOf(figures);
  return {
    period,
    at,
    grain,
    pieces: Array.from({ length: pieces }, (_, index) => {
      const start = from + index * grain;
      return pieceOf(start, countsOf(inPieces.get(start) ?? []));
    }),
    totals: sumsOf(total),
    census,
    rejections: reasonsOf(total, names.rejectedPrefix),
    ends: reasonsOf(total, names.endedPrefix),
    latency: { ...latencyOf(total), failed: total.get(names.storeFailed) ?? 0 },
    addresses,
  };
}

function countsOf(figures: readonly Figure[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { name, count } of figures) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}

function pieceOf(start: number, counts: ReadonlyMap<string, number>): Piece {
  return { start, ...sumsOf(counts), alive: counts.get(names.aliveName), p99: latencyOf(counts).p99 };
}

function sumsOf(counts: ReadonlyMap<string, number>): Overview["totals"] {
  const count = (name: string) => counts.get(name) ?? 0;
  const rejections = reasonsOf(counts, names.rejectedPrefix);
  return {
    signedIn: count(names.signedIn),
    cameBack: count(names.cameBack),
    failed: count(names.failedSignIn),
    rejected: rejections.reduce((sum, each) => sum + each.count, 0),
  };
}

function reasonsOf(counts: ReadonlyMap<string, number>, prefix: string): Reason[] {
  return Array.from(counts)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, count]) => ({ reason: name.slice(prefix.length), count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}
