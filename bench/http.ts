/**
 * What a guard costs a route. Servers and load are processes of their own. Only two servers are driven at a time, in turn:
 * a guarded route and the bare one of its framework. What is asked seldom runs with cold caches and code that is not
 * compiled yet, and among many servers each is asked seldom.
 */
import { Child } from "./child.ts";
import type { LoadAnswer, LoadQuestion } from "./load.ts";
import { databaseOf, type FrameworkName, type Route, titleOf, waits } from "./routes.ts";
import type { Run } from "./section.ts";
import type { Address, ServerQuestion } from "./server.ts";
import { difference, type Figure, figure, ratio } from "./statistics.ts";

export interface RouteResult {
  readonly framework: FrameworkName;
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
  /** How long an answer took at full load, in milliseconds. */
  readonly p50: Figure;
  readonly p99: Figure;
  readonly rounds: { readonly measured: number; readonly undisturbed: number };
  readonly atLeast: number | undefined;
}

/** One server in one turn. */
interface Turn extends LoadAnswer {
  readonly perSecond: number;
  readonly microseconds: number;
  readonly busy: number;
}

/** The bare route and a guarded one, one after the other. */
interface Round {
  readonly bare: Turn;
  readonly own: Turn;
}

const connections = 32;
const defaultTurn = 1_000;

/** By then the code is compiled, the heap has its size, and the sessions have been used. */
const warmUp = 1_500;

/** A server that computed for less of its time was held up by something: the load, or other programs. */
const leastBusy = 0.9;

/** Where fewer rounds of a row were undisturbed, the quarter counts that was disturbed least. */
export const fewestRounds: number = 5;

/** All rows of one framework, which share the server of its bare route; with no other row, it is compared with itself. */
export async function measureFramework(
  framework: FrameworkName,
  routes: readonly Route[],
  run: Run,
): Promise<RouteResult[]> {
  const bareRoute: Route = { framework, way: "bare", store: "memory" };
  const others = routes.filter(({ way }) => way !== "bare");
  const load: Load = new Child("load.ts", "load");
  const results: RouteResult[] = [];
  const allRounds: Round[] = [];
  try {
    using bare = await startServer(bareRoute, load, run);
    for (const route of others.length > 0 ? others : [bareRoute]) {
      using own = await startServer(route, load, run);
      const rounds = await measurePair(bare, own, load, run);
      results.push(resultOf(route, rounds));
      allRounds.push(...rounds);
      run.progress(summary(results.at(-1)!));
    }
  } finally {
    load.stop();
  }
  if (others.length === 0) return results;
  return [
    resultOf(
      bareRoute,
      allRounds.map(({ bare }) => ({ bare, own: bare })),
    ),
    ...results,
  ];
}

type Load = Child<LoadQuestion, LoadAnswer | true>;

interface Server extends Disposable {
  readonly number: number;
  readonly route: Route;
  readonly child: Child<ServerQuestion, unknown>;
}

let started = 0;

async function startServer(route: Route, load: Load, run: Run): Promise<Server> {
  const number = started++;
  const place = await run.place(`row_${number}`, databaseOf(route));
  const child = new Child<ServerQuestion, unknown>("server.ts", "measured", [route, place]);
  await load.ask<true>({ server: number, address: await child.ask<Address>("address") });
  return { number, route, child, [Symbol.dispose]: () => child.stop() };
}

/** Measures until so many rounds were undisturbed, or twice as many are over. */
async function measurePair(bare: Server, own: Server, load: Load, run: Run): Promise<Round[]> {
  const turn = run.turn ?? defaultTurn;
  const rounds: Round[] = [];
  for (const server of [bare, own]) await drive(server, load, warmUp);
  while (undisturbed(own.route, rounds).length < run.rounds && rounds.length < 2 * run.rounds) {
    // Every other round backwards, so that neither always goes first.
    if (rounds.length % 2 === 0) {
      const first = await drive(bare, load, turn);
      rounds.push({ bare: first, own: await drive(own, load, turn) });
    } else {
      const first = await drive(own, load, turn);
      rounds.push({ own: first, bare: await drive(bare, load, turn) });
    }
  }
  return rounds;
}

async function drive({ number, child }: Server, load: Load, milliseconds: number): Promise<Turn> {
  const before = await child.ask<number>("processor time");
  const answered = await load.ask<LoadAnswer>({ server: number, milliseconds, connections });
  const used = (await child.ask<number>("processor time")) - before;
  const { requests, seconds } = answered;
  return {
    ...answered,
    perSecond: requests / seconds,
    microseconds: used / requests,
    busy: used / 1e6 / seconds,
  };
}

/** The rounds in which nothing came between this row and its bare one. */
function undisturbed(route: Route, rounds: readonly Round[]): Round[] {
  return rounds.filter((round) => busyness(route, round) >= leastBusy);
}

function leastDisturbed(route: Route, rounds: readonly Round[]): Round[] {
  const count = Math.max(fewestRounds, Math.ceil(rounds.length / 4));
  return rounds.toSorted((a, b) => busyness(route, b) - busyness(route, a)).slice(0, count);
}

/** Of both, that of the one that had less of its core. A server that waits for a database is never busy all the time. */
function busyness(route: Route, { bare, own }: Round): number {
  return waits(route) ? bare.busy : Math.min(bare.busy, own.busy);
}

function resultOf(route: Route, seen: readonly Round[]): RouteResult {
  const quiet = undisturbed(route, seen);
  const rounds = quiet.length >= fewestRounds ? quiet : leastDisturbed(route, seen);
  const own = (what: keyof Turn) => rounds.map((round) => round.own[what]);
  const bare = (what: keyof Turn) => rounds.map((round) => round.bare[what]);
  return {
    framework: route.framework,
    title: titleOf(route),
    perSecond: figure(own("perSecond")),
    microseconds: figure(own("microseconds")),
    addedMicroseconds: difference(own("microseconds"), bare("microseconds")),
    share: ratio(own("perSecond"), bare("perSecond")),
    cpuShare: ratio(bare("microseconds"), own("microseconds")),
    busy: figure(own("busy")),
    p50: figure(own("p50")),
    p99: figure(own("p99")),
    rounds: { measured: seen.length, undisturbed: quiet.length },
    atLeast: route.atLeast,
  };
}

function summary({ framework, title, addedMicroseconds, cpuShare }: RouteResult): string {
  return `${framework}: ${title}: +${addedMicroseconds.toFixed(1)} µs, ${cpuShare.median.toFixed(2)} of bare`;
}
