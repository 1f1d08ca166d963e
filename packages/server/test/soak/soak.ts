/**
 * A soak: the server under everything at once, for as long as is wanted.
 *
 * settle the town ──▶ start the server ──▶ let everybody in for a moment, and out: what it holds now is its own ──▶ let them
 * in again, and look at the heap now and then ──▶ out: nothing more than its own may be left ──▶ in once more, and SIGTERM
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generateKey } from "coatcheck";
import { freePort } from "../../../../test/servers/program.ts";
import { defaultLingering } from "../../src/http-server.ts";
import type { Settings } from "../support/command-line.ts";
import { Crowd } from "./crowd.ts";
import type { Holdings } from "./probe.ts";
import { ServerProcess } from "./server-process.ts";
import { settle } from "./town.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** How many there are. Each has a session. */
  readonly users: number;
  /** How many of them ask again and again. At most half: the other half signs in, and ends all its sessions. */
  readonly residents: number;
  /** Where it keeps what it knows. Default: an SQLite file of its own. */
  readonly settings?: Settings;
  /** Told now and then how it goes. */
  readonly onProgress?: (line: string) => void;
}

export interface SoakReport {
  readonly requests: number;
  /** How often who was answered what. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers that nobody meant. */
  readonly unmeant: readonly string[];
  /** Requests that were never answered. */
  readonly dropped: readonly string[];
  /** What the server's log complains of. */
  readonly complaints: readonly string[];
  /** What the process held at even distances, from the first moment on. */
  readonly samples: readonly Holdings[];
  /** What it held before and after, while nobody asked anything. */
  readonly before: Holdings;
  readonly after: Holdings;
  /** How long residents waited, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** How late the event loop was, but for one time in a hundred, in milliseconds: the middle of all samples. */
  readonly delay: number;
  /** What SIGTERM under load came to. */
  readonly stop: StopReport;
}

export interface StopReport {
  readonly exitCode: number | null;
  /** Requests that were answered after the signal. */
  readonly answered: number;
  readonly dropped: readonly string[];
  readonly unmeant: readonly string[];
}

/** How often the heap is looked at. */
const looks = 30;
/** How long what is closed may take to be gone. */
const patience = 20_000;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seconds, users, residents, onProgress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-soak-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const key = generateKey();
  const settings: Settings = {
    COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}`,
    COATCHECK_SECRET: key,
    COATCHECK_TRUST_PROXY: "loopback",
    ...options.settings,
  };
  const town = stack.use(await settle({ users, remembered: 20, settings, key }));
  onProgress(`${users} users have a session each.`);
  const port = await freePort();
  const server = stack.use(await ServerProcess.start(port, settings));
  const asking = { ...town, cookies: town.cookies.slice(0, residents) };

  const first = new Crowd(port, asking);
  await first.gather();
  await first.disperse();
  const before = await quiet(server);

  const crowd = new Crowd(port, asking);
  await crowd.gather();
  const samples: Holdings[] = [];
  for (let look = 0; look < looks; look++) {
    await delay((1_000 * seconds) / looks);
    const held = await server.holdings();
    samples.push(held);
    onProgress(progress(((look + 1) * seconds) / looks, crowd, held));
  }
  await crowd.disperse();
  const after = await quiet(server, before);

  const last = new Crowd(port, asking);
  await last.gather();
  const answered = last.requests;
  last.closesAt = performance.now() + defaultLingering;
  const exitCode = await server.stop();
  await last.disperse();
  const waits = crowd.waits.sort((a, b) => a - b);
  return {
    requests: crowd.requests,
    answers: crowd.answers,
    unmeant: [...first.unmeant, ...crowd.unmeant],
    dropped: [...first.dropped, ...crowd.dropped],
    complaints: server.complaints,
    samples,
    before,
    after,
    p50: waits[Math.trunc(waits.length * 0.5)]!,
    p99: waits[Math.trunc(waits.length * 0.99)]!,
    delay: median(samples.map(({ delay }) => delay)),
    stop: {
      exitCode,
      answered: last.requests - answered,
      dropped: last.dropped,
      unmeant: last.unmeant,
    },
  };
}

/** What the server holds when nobody is connected, and no more is left than there was: what is closed takes a moment. */
async function quiet(server: ServerProcess, atMost?: Holdings): Promise<Holdings> {
  for (const deadline = Date.now() + patience; ; await delay(100)) {
    const held = await server.holdings();
    const isQuiet = held.connections === 0 && (!atMost || leftBehind(atMost, held).length === 0);
    if (isQuiet || Date.now() > deadline) return held;
  }
}

/** What there is more of than before, each with how much more. */
export function leftBehind(before: Holdings, after: Holdings): string[] {
  const count = (resources: readonly string[], kind: string) =>
    resources.filter((each) => each === kind).length;
  const kinds = [...new Set(after.resources)];
  const more: [string, number][] = [
    ...kinds.map((kind): [string, number] => [
      kind,
      count(after.resources, kind) - count(before.resources, kind),
    ]),
    ["connection", after.connections - before.connections],
    ["file", (after.files ?? 0) - (before.files ?? 0)],
  ];
  return more.filter(([, many]) => many > 0).map(([kind, many]) => `${many} ${kind}`);
}

/**
 * By how many bytes the middle of the last third is above the middle of the second: the first is when caches fill. What is
 * kept for ever, for each request a little, grows from third to third.
 */
export function growth(sizes: readonly number[]): number {
  const third = Math.trunc(sizes.length / 3);
  return median(sizes.slice(-third)) - median(sizes.slice(-2 * third, -third));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.trunc(sorted.length / 2)]!;
}

function progress(seconds: number, { requests, unmeant, dropped }: Crowd, held: Holdings): string {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return [
    `${seconds.toFixed(0).padStart(5)} s`,
    `${requests} requests`,
    `heap ${megabytes(held.heap)}`,
    `buffers ${megabytes(held.external)}`,
    `resident ${megabytes(held.resident)}`,
    `${held.files} files`,
    `loop p99 ${held.delay.toFixed(1)} ms`,
    ...(unmeant.length + dropped.length > 0
      ? [`${unmeant.length} unmeant, ${dropped.length} dropped: ${[...unmeant, ...dropped].at(-1)}`]
      : []),
  ].join(", ");
}
