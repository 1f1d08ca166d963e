/** A child process that measures one store with one number of sessions. */
import { type SessionId, SessionManager, type SessionRecord } from "coatcheck";
import { answer, cpuMicroseconds } from "./child.ts";
import { type Crowd, crowds, halfExpired, type Member, member, memberOf, recordOf, start } from "./crowds.ts";
import type { Cost, GrowthDeed, GrowthQuestion, Pruned } from "./growth.ts";
import { watched } from "./pauses.ts";
import { whole } from "./population.ts";
import { copyOf, copySessions } from "./postgres-copies.ts";
import { type Place, type StoreName, stores } from "./stores.ts";

const [storeName, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [StoreName, Place];

const { store } = await stores[storeName].open(place);
const sessions = new SessionManager({ store, now: () => start });

/** So many sessions are on their way to the store at a time. */
const importedAtOnce = 500;

/** About so many are measured: no cache of a processor has them all. */
const sampleSize = 100_000;

/** The most runs of a turn: their texts must lie in the processor's cache, as those of a request do. */
const mostRuns = 2_000;

/** The same of what ends sessions, which are then brought in anew. */
const mostEnds = 50;

/** As the manager does it. */
const pruneBatch = 200;

const samples = new Map<Crowd, Member[]>(crowds.map((crowd) => [crowd, []]));
let turn = 0;
let pruneFrom: string | undefined;

/** How long the store took: to make sessions up is nothing that an import does, and takes longer than one into memory. */
async function importSessions(from: number, to: number, total: number): Promise<number> {
  const isSampled = (number: number) => Math.floor(number / 10) % Math.ceil(total / sampleSize) === 0;
  let took = 0;
  for (let first = from; first < to; first += importedAtOnce) {
    const length = Math.min(importedAtOnce, to - first);
    const members = Array.from({ length }, (_, at) => member(first + at, total));
    const records = members.map((each, at) => recordOf(each, first + at));
    const begin = performance.now();
    await Promise.all(records.map(bringIn));
    took += performance.now() - begin;
    for (const [at, each] of members.entries())
      if (isSampled(first + at)) samples.get(each.crowd)!.push(each);
  }
  return took;
}

/** Of all originals the sample is made anew, so that copies are in it like everybody else. */
async function copyAll(times: number): Promise<number> {
  const begin = performance.now();
  await copySessions(place, times);
  for (const members of samples.values()) {
    const originals = members.splice(0);
    const length = Math.min(sampleSize / 10, originals.length * times);
    const copies = Array.from({ length }, (_, at) => {
      const place = at % originals.length;
      const copy = (place + Math.floor(at / originals.length)) % times;
      return copyOf(originals[place]!, copy + 1);
    });
    members.push(...copies);
  }
  return performance.now() - begin;
}

async function bringIn(newcomer: SessionRecord): Promise<void> {
  const { inserted } = await store.insert(newcomer, start);
  if (!inserted) throw new Error("A new session was refused");
}

async function measure(deed: GrowthDeed, crowd: Crowd, milliseconds: number): Promise<Cost> {
  const { most, prepare, afterwards } = deeds[deed];
  const chosen = choose(crowd, most);
  const runs = chosen.map((place) => prepare(samples.get(crowd)![place]!));
  const cpuBefore = cpuMicroseconds();
  const begin = performance.now();
  let done = 0;
  while (done < runs.length && performance.now() - begin < milliseconds) await runs[done++]!();
  const wall = ((performance.now() - begin) * 1_000) / done;
  const cpu = (cpuMicroseconds() - cpuBefore) / done;
  await afterwards?.(crowd, chosen.slice(0, done));
  return { wall, cpu };
}

interface Deed {
  /** The most runs of a turn. */
  readonly most: number;
  /** What a run is told is text of its own, as it comes from a socket: the store's may lie anywhere in memory. */
  prepare(member: Member): () => Promise<void>;
  afterwards?(crowd: Crowd, places: readonly number[]): Promise<void>;
}

const deeds: Readonly<Record<GrowthDeed, Deed>> = {
  validate: {
    most: mostRuns,
    prepare: ({ token }) => {
      const text = whole(token.reveal());
      return async () => {
        const { ok } = await sessions.validate(text);
        if (!ok) throw new Error("A live session was rejected");
      };
    },
  },
  list: {
    most: mostRuns,
    prepare: ({ userId, crowd }) => {
      const user = whole(userId);
      return async () => {
        const { length } = await sessions.list(user);
        if (length !== crowd) throw new Error(`A user with ${crowd} sessions has ${length}`);
      };
    },
  },
  revoke: {
    most: mostEnds,
    prepare: ({ token }) => {
      const id = whole(token.id) as SessionId;
      return async () => {
        if (!(await sessions.revoke(id))) throw new Error("A live session was not there");
      };
    },
    afterwards: replace,
  },
  prune: { most: mostRuns, prepare: () => pruneStep },
};

answer<GrowthQuestion>(async (question) => {
  if (question === "prune all") return pruneAll();
  if ("copies" in question) return copyAll(question.copies);
  if ("deed" in question) return measure(question.deed, question.crowd, question.milliseconds);
  return importSessions(question.importFrom, question.to, question.of);
});

/** The places of the next members in the sample. */
function choose(crowd: Crowd, most: number): number[] {
  const { length } = samples.get(crowd)!;
  const first = turn;
  turn += Math.min(most, length);
  return Array.from({ length: Math.min(most, length) }, (_, at) => (first + at) % length);
}

/** There are as many as before, and of the same users. */
async function replace(crowd: Crowd, ended: readonly number[]): Promise<void> {
  const members = samples.get(crowd)!;
  const newcomers = ended.map((place) => memberOf(members[place]!.userId, crowd));
  for (const [at, place] of ended.entries()) members[place] = newcomers[at]!;
  await Promise.all(newcomers.map((newcomer) => bringIn(recordOf(newcomer, turn++))));
}

async function pruneStep(): Promise<void> {
  const { expired, next } = await store.deleteExpired(start, pruneBatch, pruneFrom);
  if (expired.length > 0) throw new Error("A live session was pruned");
  pruneFrom = next;
}

async function pruneAll(): Promise<Pruned> {
  const node = new SessionManager({ store, now: () => halfExpired });
  const begin = performance.now();
  const { result: removed, pauses } = await watched(() => node.prune());
  return { milliseconds: performance.now() - begin, removed, pauses };
}
