/** What a guard costs a route: servers and load in processes of their own, all rows in turn, round by round. */
import { Child } from "./child.ts";
import type { LoadAnswer, LoadQuestion } from "./load.ts";
import { type Route, routes, titleOf } from "./routes.ts";
import type { Address, ServerQuestion } from "./server.ts";
import { difference, type Figure, figure, ratio } from "./statistics.ts";

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
  /** The share of the time that the server computed. Below 0.9 something else held it up: the load, other programs. */
  readonly busy: Figure;
  readonly atLeast: number | undefined;
}

interface Round {
  readonly perSecond: number;
  readonly microseconds: number;
  readonly busy: number;
}

const connections = 32;

export async function measureRoutes(
  rounds: number,
  milliseconds: number,
  folderFor: (name: string) => string,
  progress: (done: string) => void,
): Promise<HttpResult[]> {
  const load = new Child<LoadQuestion, LoadAnswer | true>("load.ts", "load");
  const servers = routes.map(
    (_, row) =>
      new Child<ServerQuestion, unknown>("server.ts", "measured", [`${row}`, folderFor(`row-${row}`)]),
  );
  const seen: Round[][] = routes.map(() => []);
  const rows = [...routes.keys()];
  try {
    for (const [row, server] of servers.entries()) {
      await load.ask<true>({ server: row, address: await server.ask<Address>("address") });
    }
    progress("all servers are up");
    for (let round = -1; round < rounds; round++) {
      for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
        const server = servers[row]!;
        const before = await server.ask<number>("processor time");
        const { requests, seconds } = await load.ask<LoadAnswer>({
          server: row,
          // The first round warms up, and takes its time.
          milliseconds: round < 0 ? 1_500 : milliseconds,
          connections,
        });
        const used = (await server.ask<number>("processor time")) - before;
        if (round < 0) continue;
        const busy = used / 1e6 / seconds;
        seen[row]!.push({ perSecond: requests / seconds, microseconds: used / requests, busy });
      }
      progress(round < 0 ? "warm" : `round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const child of [load, ...servers]) child.stop();
  }
  return routes.map((route, row) => result(route, seen[row]!, seen[bareRow(route)]!));
}

function bareRow({ framework }: Route): number {
  return routes.findIndex((other) => other.framework === framework && other.way === "bare");
}

function result(route: Route, own: readonly Round[], bare: readonly Round[]): HttpResult {
  const perSecond = own.map((round) => round.perSecond);
  const microseconds = own.map((round) => round.microseconds);
  const bareMicroseconds = bare.map((round) => round.microseconds);
  return {
    framework: route.framework,
    title: titleOf(route),
    perSecond: figure(perSecond),
    microseconds: figure(microseconds),
    addedMicroseconds: difference(microseconds, bareMicroseconds),
    share: ratio(
      perSecond,
      bare.map((round) => round.perSecond),
    ),
    cpuShare: ratio(bareMicroseconds, microseconds),
    busy: figure(own.map((round) => round.busy)),
    atLeast: route.atLeast,
  };
}
