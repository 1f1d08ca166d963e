/** How long a session that was revoked on one node still opens on another one, which has it in its cache. */
import { startTcpProxy } from "../../test/servers/tcp-proxy.ts";
import { Child } from "../child.ts";
import type { DatabaseName } from "../databases.ts";
import type { Run, Section } from "../section.ts";
import { percentile } from "../statistics.ts";
import type { Place } from "../stores.ts";
import { milliseconds, table } from "../table.ts";
import type { ToldLoadQuestion } from "../told-load.ts";
import type { ToldNodeAddress, ToldNodeQuestion } from "../told-node.ts";
import type { Revoked, ToldRevokerQuestion } from "../told-revoker.ts";

export interface ToldResult {
  readonly database: DatabaseName;
  /** From the answer to the revocation to the first refusal, in milliseconds. */
  readonly refused: Readonly<Record<"p50" | "p99" | "longest", number>>;
  /** The p99 of the requests that were the load. */
  readonly loadP99: number;
  /** How long a session still opened, with the channel cut: at most, of all trials. */
  readonly cutLongest: number;
}

const perSecond = 1_000;
const revocations = 400;
const cuts = 5;
const mostP99 = 10;
const maxStaleness = 1_000;

type Node = Child<ToldNodeQuestion, ToldNodeAddress | true>;
type Revoker = Child<ToldRevokerQuestion, Revoked | true>;

export const told: Section<readonly ToldResult[]> = {
  title: "From revocation to refusal on another node, cached",
  takesLong: true,

  async measure(run) {
    return [await measure("redis", run), await measure("postgres", run)];
  },

  toMarkdown: (results) => `${table(
    ["", "p50", "p99", "longest", "p99 of the load's requests", "longest with the channel cut", "budget"],
    results.map(({ database, refused, loadP99, cutLongest }) => [
      titles[database],
      ...[refused.p50, refused.p99, refused.longest, loadP99, cutLongest].map(milliseconds),
      `${refused.p99 < mostP99 && cutLongest < maxStaleness ? "kept" : "missed"}: p99 ${mostP99} ms, cut ${maxStaleness} ms`,
    ]),
  )}

${revocations} revocations each, while the node that is told answers ${perSecond.toLocaleString("en")} other requests a second; ${cuts} with the channel cut.`,
};

const titles: Readonly<Record<DatabaseName, string>> = { redis: "Redis", postgres: "PostgreSQL" };

async function measure(database: DatabaseName, run: Run): Promise<ToldResult> {
  const place = await run.place(`told_${database}`, database);
  const revoker: Revoker = new Child("told-revoker.ts", "load", [database, place]);
  try {
    const whole = await underLoad(database, place, revoker);
    run.progress(`told, ${database}: under load`);
    const cutLongest = await withChannelCut(database, place, revoker);
    run.progress(`told, ${database}: with the channel cut`);
    return { database, ...whole, cutLongest };
  } finally {
    revoker.stop();
  }
}

async function underLoad(database: DatabaseName, place: Place, revoker: Revoker) {
  const node: Node = new Child("told-node.ts", "measured", [`${database}-cached`, place]);
  const load = new Child<ToldLoadQuestion, readonly number[]>("told-load.ts", "load");
  try {
    const address = await node.ask<ToldNodeAddress>("address");
    const warm = 1_000;
    await load.ask({ address, perSecond, milliseconds: warm });
    const taken: number[] = [];
    const latencies: number[] = [];
    while (taken.length < revocations) {
      const busy = load.ask({ address, perSecond, milliseconds: warm });
      let isBusy = true;
      void busy.then(() => {
        isBusy = false;
      });
      while (isBusy && taken.length < revocations) {
        await revoker.ask<true>({ port: address.port });
        taken.push((await revoker.ask<Revoked>({ until: "refused" })).firstRefused);
      }
      latencies.push(...(await busy));
    }
    const refused = {
      p50: percentile(taken, 0.5),
      p99: percentile(taken, 0.99),
      longest: percentile(taken, 1),
    };
    return { refused, loadP99: percentile(latencies, 0.99) };
  } finally {
    load.stop();
    node.stop();
  }
}

/** Everything that the database says to the node is lost from before the revocation on, and nobody is told. */
async function withChannelCut(database: DatabaseName, place: Place, revoker: Revoker): Promise<number> {
  const direct = new URL(place.databases[database]!);
  await using proxy = await startTcpProxy(Number(direct.port));
  const cut = new URL(direct);
  cut.host = `127.0.0.1:${proxy.port}`;
  const node: Node = new Child("told-node.ts", "measured", [
    `${database}-cached`,
    { ...place, databases: { [database]: cut.href } },
  ]);
  try {
    const { port } = await node.ask<ToldNodeAddress>("address");
    const longest: number[] = [];
    for (let time = 0; time < cuts; time++) {
      await node.ask<true>("until the cache is on");
      await revoker.ask<true>({ port });
      proxy.weather("deaf");
      longest.push((await revoker.ask<Revoked>({ until: maxStaleness * 1.5 })).lastOpened);
      proxy.weather("fine");
      proxy.reset();
    }
    return Math.max(...longest);
  } finally {
    node.stop();
  }
}
