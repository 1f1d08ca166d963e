/** A child process that measures one store with one number of sessions. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { SessionManager } from "coatcheck";
import { answer, cpuMicroseconds } from "./child.ts";
import { type Crowd, crowds, halfExpired, type Member, member, memberOf, recordOf, start } from "./crowds.ts";
import type { Cost, GrowthDeed, GrowthQuestion, Pruned } from "./growth.ts";
import { copyOf, copySessions } from "./postgres-copies.ts";
import { type Place, type StoreName, stores } from "./stores.ts";

const [storeName, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [StoreName, Place];

const { store } = await stores[storeName].open(place);
const sessions = new SessionManager({ store, now: () => start });

/** So many sessions are on their way to the store at a time. */
const importedAtOnce = 100;

/** About so many are measured: no cache of a processor has them all. */
const sampleSize = 100_000;

/** The most runs of a turn of what ends sessions. */
const mostEnds = 50;

/** As the manager does it. */
const pruneBatch = 200;

const samples = new Map<Crowd, Member[]>(crowds.map((crowd) => [crowd, []]));
let turn = 0;
let pruneFrom: string | undefined;

answer<GrowthQuestion>(async (question) => {
  if (question === "prune all") return pruneAll();
  if ("copies" in question) return copyAll(question.copies);
  if ("deed" in question) return measure(question.deed, question.crowd, question.milliseconds);
  return importSessions(question.importFrom, question.to, question.of);
});

async function importSessions(from: number, to: number, total: number): Promise<number> {
  const isSampled = (number: number) => Math.floor(number / 10) % Math.ceil(total / sampleSize) === 0;
  const begin = performance.now();
  for (let first = from; first < to; first += importedAtOnce) {
    const length = Math.min(importedAtOnce, to - first);
    const members = Array.from({ length }, (_, at) => member(first + at, total));
    await Promise.all(members.map((each, at) => bringIn(each, first + at)));
    for (const [at, each] of members.entries())
      if (isSampled(first + at)) samples.get(each.crowd)!.push(each);
  }
  return performance.now() - begin;
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

async function bringIn(newcomer: Member, number: number): Promise<void> {
  const { inserted } = await store.insert(recordOf(newcomer, number), start);
  if (!inserted) throw new Error("A new session was refused");
}

async function measure(deed: GrowthDeed, crowd: Crowd, milliseconds: number): Promise<Cost> {
  const ended: number[] = [];
  const deeds: Readonly<Record<GrowthDeed, () => Promise<void>>> = {
    validate: () => validate(next(crowd)),
    list: () => list(next(crowd), crowd),
    revoke: () => revoke(crowd, ended),
    prune: pruneStep,
  };
  const most = deed === "revoke" ? mostEnds : Number.POSITIVE_INFINITY;
  const run = deeds[deed];
  const cpuBefore = cpuMicroseconds();
  const begin = performance.now();
  let runs = 0;
  do {
    await run();
    runs++;
  } while (runs < most && performance.now() - begin < milliseconds);
  const wall = ((performance.now() - begin) * 1_000) / runs;
  const cpu = (cpuMicroseconds() - cpuBefore) / runs;
  await replace(crowd, ended);
  return { wall, cpu };
}

function next(crowd: Crowd): Member {
  const members = samples.get(crowd)!;
  return members[turn++ % members.length]!;
}

async function validate({ token }: Member): Promise<void> {
  const { ok } = await sessions.validate(token.reveal());
  if (!ok) throw new Error("A live session was rejected");
}

async function list({ userId }: Member, crowd: Crowd): Promise<void> {
  const { length } = await sessions.list(userId);
  if (length !== crowd) throw new Error(`A user with ${crowd} sessions has ${length}`);
}

async function revoke(crowd: Crowd, ended: number[]): Promise<void> {
  const members = samples.get(crowd)!;
  const place = turn++ % members.length;
  if (!(await sessions.revoke(members[place]!.token.id))) throw new Error("A live session was not there");
  ended.push(place);
}

/** There are as many as before, and of the same users. */
async function replace(crowd: Crowd, ended: readonly number[]): Promise<void> {
  const members = samples.get(crowd)!;
  const newcomers = ended.map((place) => memberOf(members[place]!.userId, crowd));
  for (const [at, place] of ended.entries()) members[place] = newcomers[at]!;
  await Promise.all(newcomers.map((newcomer) => bringIn(newcomer, turn++)));
}

async function pruneStep(): Promise<void> {
  const { expired, next } = await store.deleteExpired(start, pruneBatch, pruneFrom);
  if (expired.length > 0) throw new Error("A live session was pruned");
  pruneFrom = next;
}

async function pruneAll(): Promise<Pruned> {
  const node = new SessionManager({ store, now: () => halfExpired });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  const removed = await node.prune();
  const milliseconds = performance.now() - begin;
  delay.disable();
  // The histogram knows how long its timer of a millisecond took.
  const pause = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
  const pauses = {
    p50: pause(delay.percentile(50)),
    p99: pause(delay.percentile(99)),
    longest: pause(delay.max),
  };
  return { milliseconds, removed, pauses };
}
