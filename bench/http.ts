/** What a guard costs a route: servers and load in processes of their own, all rows in turn, round by round. */
import { Child } from "./child.ts";
import type { LoadAnswer, LoadQuestion } from "./load.ts";
import { type Route, routes, titleOf } from "./routes.ts";
import type { Address, ServerQuestion } from "./server.ts";
import { difference, type Figure, figure, ratio } from "./statistics.ts";
import { type Place, stores } from "./stores.ts";

export interface HttpResult {
  readonly framework: string;
  readonly title: string;
  readonly perSecond: Figure;
  /** Processor time of the server for one request, its garbage collection included. */
  readonly microseconds: Figure;
  readonly addedMicroseconds: number;
  /** Requests per second as a share of the bare route's. */
  readonly share: Figure;
  /** The bare route's processor time as a share of this one's. */
  readonly cpuShare: Figure;
  /** The share of the time that the server computed. */
  readonly busy: Figure;
  readonly atLeast: number | undefined;
}

/** One row in one round. */
interface Slice {
  readonly perSecond: number;
  readonly microseconds: number;
  readonly busy: number;
}

const connections = 32;

/** A server that computed for less of its time was held up by something: the load, or other programs. */
const leastBusy = 0.9;

/** Where fewer rounds of a row were undisturbed, the quarter counts that was disturbed least. */
export const fewestRounds: number = 5;

export interface RouteResults {
  readonly routes: readonly HttpResult[];
  /** `undisturbed` is how many the row has that was disturbed most often. */
  readonly rounds: { readonly measured: number; readonly undisturbed: number };
}

/** Measures until every row has so many undisturbed rounds, or the time is up. */
export async function measureRoutes(
  rounds: number,
  milliseconds: number,
  placeFor: (name: string) => Place,
  progress: (done: string) => void,
): Promise<RouteResults> {
  const load = new Child<LoadQuestion, LoadAnswer | true>("load.ts", "load");
  const servers: Child<ServerQuestion, unknown>[] = [];
  const seen: Slice[][] = [];
  try {
    for (const [row, route] of routes.entries()) {
      const server = new Child<ServerQuestion, unknown>("server.ts", "measured", [
        row,
        placeFor(`row_${row}`),
      ]);
      servers.push(server);
      await load.ask<true>({ server: row, address: await server.ask<Address>("address") });
      progress(`server ${servers.length} of ${routes.length} is up: ${route.framework}: ${titleOf(route)}`);
    }
    await measureRound(servers, load, 1_000, false);
    progress("warm");
    const end = performance.now() + 2 * rounds * routes.length * milliseconds;
    while (fewestUndisturbed(seen) < rounds && performance.now() < end) {
      seen.push(await measureRound(servers, load, milliseconds, seen.length % 2 === 1));
      progress(`round ${seen.length}, undisturbed: ${fewestUndisturbed(seen)} of ${rounds}`);
    }
  } finally {
    for (const child of [load, ...servers]) child.stop();
  }
  return {
    routes: routes.map((_, row) => result(row, seen)),
    rounds: { measured: seen.length, undisturbed: fewestUndisturbed(seen) },
  };
}

/** All rows once, in turn; every other round backwards, so that no row always follows the same one. */
async function measureRound(
  servers: readonly Child<ServerQuestion, unknown>[],
  load: Child<LoadQuestion, LoadAnswer | true>,
  milliseconds: number,
  backwards: boolean,
): Promise<Slice[]> {
  const slices: Slice[] = [];
  const rows = [...servers.keys()];
  for (const row of backwards ? rows.reverse() : rows) {
    const before = await servers[row]!.ask<number>("processor time");
    const { requests, seconds } = await load.ask<LoadAnswer>({ server: row, milliseconds, connections });
    const used = (await servers[row]!.ask<number>("processor time")) - before;
    slices[row] = {
      perSecond: requests / seconds,
      microseconds: used / requests,
      busy: used / 1e6 / seconds,
    };
  }
  return slices;
}

type Round = readonly Slice[];

function fewestUndisturbed(rounds: readonly Round[]): number {
  return Math.min(...routes.map((_, row) => undisturbed(row, rounds).length));
}

/** The rounds in which nothing came between this row and its bare one. */
function undisturbed(row: number, rounds: readonly Round[]): Round[] {
  return rounds.filter((round) => busyness(row, round) >= leastBusy);
}

function leastDisturbed(row: number, rounds: readonly Round[]): Round[] {
  const count = Math.max(fewestRounds, Math.ceil(rounds.length / 4));
  return rounds.toSorted((a, b) => busyness(row, b) - busyness(row, a)).slice(0, count);
}

/** Of this row and its bare one, that of the one that had less of its core. */
function busyness(row: number, round: Round): number {
  const compared = [row, bareRowOf(row)].filter((each) => !waits(routes[each]!));
  return Math.min(...compared.map((each) => round[each]!.busy));
}

function bareRowOf(row: number): number {
  const { framework } = routes[row]!;
  return routes.findIndex((route) => route.framework === framework && route.way === "bare");
}

/** On a database, which is asked over a connection and has the other core. */
function waits({ way, store }: Route): boolean {
  return way === "guarded" && stores[store].database !== undefined && !stores[store].cached;
}

function result(row: number, seen: readonly Round[]): HttpResult {
  const route = routes[row]!;
  const quiet = undisturbed(row, seen);
  const rounds = quiet.length >= fewestRounds ? quiet : leastDisturbed(row, seen);
  const bareRow = bareRowOf(row);
  const own = (what: keyof Slice) => rounds.map((round) => round[row]![what]);
  const bare = (what: keyof Slice) => rounds.map((round) => round[bareRow]![what]);
  return {
    framework: route.framework,
    title: titleOf(route),
    perSecond: figure(own("perSecond")),
    microseconds: figure(own("microseconds")),
    addedMicroseconds: difference(own("microseconds"), bare("microseconds")),
    share: ratio(own("perSecond"), bare("perSecond")),
    cpuShare: ratio(bare("microseconds"), own("microseconds")),
    busy: figure(own("busy")),
    atLeast: route.atLeast,
  };
}
