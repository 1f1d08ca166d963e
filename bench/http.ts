/**
 * What a guard costs a route. Servers and load are processes of their own. Only two servers are driven at a time, in turn:
 * a guarded route and the bare one of its framework. What is asked seldom runs with cold caches and code that is not
 * compiled yet, and among many servers each is asked seldom.
 */
import type { Calls } from "./call-counter.ts";
import { Child } from "./child.ts";
import type { LoadAnswer, LoadQuestion, SignedIn } from "./load.ts";
import { populationSize } from "./population.ts";
import { isEnough, quietest } from "./quiet.ts";
import { type Budget, bareRoute, type FrameworkName, isBare, type Route } from "./routes.ts";
import type { Run } from "./section.ts";
import type { ServerQuestion } from "./server.ts";
import { difference, type Figure, figure, ratio } from "./statistics.ts";
import type { Trials } from "./trials.ts";

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
  readonly budget: Budget;
  /** Of 1,000 requests, 32 at once. */
  readonly calls: Calls;
  /** What a session takes where it is kept. */
  readonly bytes: number;
  /** What a browser sends with each request. */
  readonly cookieBytes: number;
  readonly trials: Trials;
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

const defaultTurn = 250;

/** By then the code is compiled, the heap has its size, and the sessions have been used. */
const warmUp = 1_500;

/** For the server of the bare route, which was warm before it waited for the next row. */
const warmAgain = 300;

/** All rows of one framework, which share the server of its bare route; with no other row, it is compared with itself. */
export async function measureFramework(
  framework: FrameworkName,
  routes: readonly Route[],
  run: Run,
): Promise<RouteResult[]> {
  const load: Load = new Child("load.ts", "load");
  const results: RouteResult[] = [];
  const allRounds: Round[] = [];
  try {
    using bare = await startServer(bareRoute(framework), load, run);
    await drive(bare, load, warmUp);
    const others = routes.filter((route) => !isBare(route));
    for (const route of others.length > 0 ? others : [bare.route]) {
      using own = await startServer(route, load, run);
      const rounds = await measurePair(bare, own, load, run);
      results.push({ ...figuresOf(route, rounds), ...(await factsOf(own, load)) });
      allRounds.push(...rounds);
      run.progress(summary(results.at(-1)!));
    }
    const ofBare = allRounds.map((round) => ({ bare: round.bare, own: round.bare }));
    return [{ ...figuresOf(bare.route, ofBare), ...(await factsOf(bare, load)) }, ...results];
  } finally {
    load.stop();
  }
}

type Load = Child<LoadQuestion, LoadAnswer | SignedIn>;

interface Server extends Disposable {
  readonly route: Route;
  readonly child: Child<ServerQuestion, unknown>;
  readonly port: number;
  readonly people: number;
  readonly cookieBytes: number;
  /** What the sessions take in the heap. */
  readonly heapBytes: number;
  /** What the store took without them. */
  readonly emptyBytes: number | null;
}

let started = 0;

/** Those who sign in first, so that what is compiled and kept once does not count as theirs. */
const forerunners = 0.1;

async function startServer(route: Route, load: Load, run: Run): Promise<Server> {
  const place = await run.place(`row_${started++}`, route.database);
  const child = new Child<ServerQuestion, unknown>("server.ts", "measured", [route, place]);
  const port = await child.ask<number>("port");
  const people = route.people ?? populationSize;
  const first = forerunners * people;
  await child.ask({ register: people + first });
  await load.ask<SignedIn>({ port, signIn: first, from: people });
  const emptyBytes = await child.ask<number | null>("bytes at rest");
  const heapBefore = await child.ask<number>("bytes of the heap");
  const { cookieBytes } = await load.ask<SignedIn>({ port, signIn: people, from: 0 });
  const heapBytes = (await child.ask<number>("bytes of the heap")) - heapBefore;
  return {
    route,
    child,
    port,
    people,
    cookieBytes,
    heapBytes,
    emptyBytes,
    [Symbol.dispose]: () => child.stop(),
  };
}

type Facts = Pick<RouteResult, "calls" | "bytes" | "cookieBytes" | "trials">;

/** What is counted and tried, not timed; when the server has been measured, since it is not the same afterwards. */
async function factsOf(server: Server, load: Load): Promise<Facts> {
  const { child, port, people, cookieBytes, heapBytes, emptyBytes } = server;
  // Once for each session, so that caches know them all.
  await load.ask<LoadAnswer>({ port, requests: people });
  await child.ask("count calls");
  await load.ask<LoadAnswer>({ port, requests: 1_000 });
  const calls = await child.ask<Calls>("calls so far");
  const atRest = emptyBytes === null ? heapBytes : (await child.ask<number>("bytes at rest")) - emptyBytes;
  const trials = await child.ask<Trials>("trials");
  return { calls, bytes: Math.max(0, atRest / people), cookieBytes, trials };
}

async function measurePair(bare: Server, own: Server, load: Load, run: Run): Promise<Round[]> {
  const turn = run.turn ?? defaultTurn;
  const rounds: Round[] = [];
  await drive(bare, load, warmAgain);
  await drive(own, load, warmUp);
  while (!isEnough(rounds, run.rounds, taken)) {
    // Every other round backwards, so that neither always goes first.
    if (rounds.length % 2 === 0) {
      const first = await drive(bare, load, turn);
      rounds.push({ bare: first, own: await drive(own, load, turn) });
    } else {
      const first = await drive(own, load, turn);
      rounds.push({ own: first, bare: await drive(bare, load, turn) });
    }
  }
  return quietest(rounds, run.rounds, taken);
}

/** By one request to each of the two. */
function taken({ bare, own }: Round): number {
  return bare.microseconds + own.microseconds;
}

async function drive({ port, child }: Server, load: Load, milliseconds: number): Promise<Turn> {
  const before = await child.ask<number>("processor time");
  const answered = await load.ask<LoadAnswer>({ port, milliseconds });
  const used = (await child.ask<number>("processor time")) - before;
  const { requests, seconds } = answered;
  return {
    ...answered,
    perSecond: requests / seconds,
    microseconds: used / requests,
    busy: used / 1e6 / seconds,
  };
}

function figuresOf(route: Route, rounds: readonly Round[]): Omit<RouteResult, keyof Facts> {
  const own = (what: keyof Turn) => rounds.map((round) => round.own[what]);
  const bare = (what: keyof Turn) => rounds.map((round) => round.bare[what]);
  return {
    framework: route.framework,
    title: route.title,
    perSecond: figure(own("perSecond")),
    microseconds: figure(own("microseconds")),
    addedMicroseconds: difference(own("microseconds"), bare("microseconds")),
    share: ratio(own("perSecond"), bare("perSecond")),
    cpuShare: ratio(bare("microseconds"), own("microseconds")),
    busy: figure(own("busy")),
    p50: figure(own("p50")),
    p99: figure(own("p99")),
    budget: route.budget ?? {},
  };
}

function summary({ framework, title, addedMicroseconds, cpuShare }: RouteResult): string {
  return `${framework}: ${title}: +${addedMicroseconds.toFixed(1)} µs, ${cpuShare.median.toFixed(2)} of bare`;
}
