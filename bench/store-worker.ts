/** A child process that measures what one store costs where it is used. */
import { join } from "node:path";
import { type SessionRecord, SessionToken } from "coatcheck";
import { answer, cpuMicroseconds } from "./child.ts";
import { populationSize, sessionsIn, signIn, signInEverybody, userId } from "./population.ts";
import { roundTripsOfValidation } from "./round-trips.ts";
import type { Deed, StoreAnswer, StoreQuestion } from "./store-deeds.ts";
import { type OpenStore, type Place, type StoreName, stores } from "./stores.ts";

const [storeName, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [StoreName, Place];

const { store } = await open("deeds");
const sessions = sessionsIn(store);
const tokens = await signInEverybody(sessions, ({ token }) => token.reveal());
const ids = tokens.map((text) => SessionToken.parse(text)!.id);
const template = (await store.find(ids[0]!)) as SessionRecord;

let turn = 0;
let newcomers: SessionRecord[] = [];

interface Work {
  /** What is not measured. */
  prepare?(): void;
  run(): Promise<unknown>;
  /** How many operations one run is. */
  readonly operations: number;
  /** The most runs of a round: what adds sessions must not fill the store. */
  readonly most?: number;
}

const works: Readonly<Record<Deed, Work>> = {
  validate: { operations: 1, run: validateNext },
  "validate, 64 at once": { operations: 64, run: () => together(64, validateNext) },
  find: { operations: 1, run: () => store.find(next(ids)) },
  update: { operations: 1, run: touchNext },
  insert: { operations: 1, most: 1_000, prepare: gatherNewcomers, run: insertNewcomer },
  "create, 64 at once": { operations: 64, most: 16, run: () => together(64, signInNext) },
};

answer<StoreQuestion>(async (question) => {
  if (question === "bytes per session") return bytesPerSession();
  if (question === "round trips per validation") {
    return roundTripsOfValidation(storeName, within("round_trips"));
  }
  return measure(works[question.deed], question.milliseconds);
});

async function measure(work: Work, milliseconds: number): Promise<StoreAnswer> {
  work.prepare?.();
  const { most = Number.POSITIVE_INFINITY } = work;
  const cpuBefore = cpuMicroseconds();
  const start = performance.now();
  let runs = 0;
  do {
    await work.run();
    runs++;
  } while (runs < most && performance.now() - start < milliseconds);
  const seconds = (performance.now() - start) / 1000;
  const operations = runs * work.operations;
  return { perSecond: operations / seconds, microseconds: (cpuMicroseconds() - cpuBefore) / operations };
}

function within(name: string): Place {
  return { ...place, name: `${place.name}_${name}`, folder: join(place.folder, name) };
}

function open(name: string): Promise<OpenStore> {
  return stores[storeName].open(within(name));
}

function together(count: number, deed: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, deed));
}

function next<T>(of: readonly T[]): T {
  return of[turn++ % of.length]!;
}

async function validateNext(): Promise<void> {
  const { ok } = await sessions.validate(next(tokens));
  if (!ok) throw new Error("A live session was rejected");
}

function touchNext(): Promise<boolean> {
  const now = Date.now();
  return store.update(next(ids), { seen: { lastSeenAt: now, expiresAt: now + 1_800_000 } }, now);
}

function gatherNewcomers(): void {
  newcomers = Array.from({ length: 1_000 }, () => {
    const user = userId(turn++);
    return { ...template, id: SessionToken.generate(user).id, userId: user };
  });
}

async function insertNewcomer(): Promise<void> {
  const { inserted } = await store.insert(newcomers.pop()!, Date.now());
  if (!inserted) throw new Error("A new session was refused");
}

function signInNext(): Promise<unknown> {
  return sessions.create(userId(turn), signIn(turn++));
}

async function bytesPerSession(): Promise<number> {
  const own = await open("bytes");
  await signInEverybody(sessionsIn(own.store), () => undefined);
  return (await own.bytes()) / populationSize;
}
