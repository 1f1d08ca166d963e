/**
 * `npm run bench:prune`: what pruning costs everybody else. Each store gets a million sessions, every second one of them
 * expired, and two nodes prune it at once.
 *
 * `--sessions N` takes fewer or more, `--only sqlite` one store. What a million costs goes to `bench/results/prune.md`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { SessionManager, type SessionRecord, type SessionStore, SessionToken } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { startDatabases } from "./databases.ts";
import { describeMachine } from "./machine.ts";
import { signIn, userId } from "./population.ts";
import { type OpenStore, type Place, type StoreName, stores, uncached } from "./stores.ts";
import { table, whole } from "./table.ts";

const { values } = parseArgs({
  options: { sessions: { type: "string", default: "1000000" }, only: { type: "string" } },
});
const total = Number(values.sessions);
if (!(Number.isInteger(total) && total >= 2))
  throw new TypeError("--sessions must be a whole number from 2 on");
const names = uncached.filter((name) => !values.only || values.only === name);
if (names.length === 0) throw new TypeError(`--only must be one of ${Object.keys(stores).join(", ")}`);

const day = 24 * 60 * 60_000;
const now = Date.now();
const filledAtOnce = 500;

interface PruneResult {
  readonly store: string;
  readonly seconds: number;
  readonly removed: number;
  /** How long the event loop was held up, in milliseconds. */
  readonly pauses: { readonly p50: number; readonly p99: number; readonly longest: number };
}

const folder = mkdtempSync(join(tmpdir(), "coatcheck-prune-"));
try {
  await using databases = await startDatabases();
  const results: PruneResult[] = [];
  for (const name of names) {
    const opened = await open(name, {
      name: `prune_${name}`,
      folder: join(folder, name),
      databases: databases.addresses,
    });
    results.push(await measure(name, opened));
    await opened.close();
  }
  const text = report(results);
  console.log(text);
  if (total === 1_000_000) writeFileSync(join(import.meta.dirname, "results", "prune.md"), text);
} finally {
  rmSync(folder, { recursive: true });
}

/** The memory store takes 100,000 by default. */
function open(name: StoreName, place: Place): Promise<OpenStore> | OpenStore {
  if (name !== "memory") return stores[name].open(place);
  const store = new MemorySessionStore({ maximumSessions: total });
  return { store, bytes: async () => 0, close: async () => {} };
}

async function measure(name: StoreName, { store }: OpenStore): Promise<PruneResult> {
  await fill(store, (done) => console.error(`· ${stores[name].title}: ${whole(done)} sessions`));
  const nodes = Array.from({ length: 2 }, () => new SessionManager({ store, now: () => now }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const removed = await Promise.all(nodes.map((node) => node.prune()));
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  // The histogram knows how long its timer of a millisecond took.
  const pause = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
  return {
    store: stores[name].title,
    seconds,
    removed: removed.reduce((sum, count) => sum + count),
    pauses: { p50: pause(delay.percentile(50)), p99: pause(delay.percentile(99)), longest: pause(delay.max) },
  };
}

async function fill(store: SessionStore, progress: (done: number) => void): Promise<void> {
  for (let first = 0; first < total; first += filledAtOnce) {
    const numbers = Array.from({ length: Math.min(filledAtOnce, total - first) }, (_, at) => first + at);
    await Promise.all(numbers.map((number) => store.insert(recordOf(number), now - day)));
    if (first % 100_000 === 0) progress(first);
  }
}

/** Of a user of its own. Every second one expired a minute ago. */
function recordOf(number: number): SessionRecord {
  const user = userId(number);
  const token = SessionToken.generate(user);
  const { client = {}, data } = signIn(number);
  return {
    id: token.id,
    userId: user,
    familyHash: token.familyHash,
    secretHash: token.secretHash,
    secretIssuedAt: now - day,
    superseded: [],
    secretRevision: 0,
    createdAt: now - day,
    authenticatedAt: now - day,
    amr: ["pwd"],
    lastSeenAt: now - day,
    expiresAt: number % 2 === 0 ? now - 60_000 : now + day,
    client,
    data: JSON.stringify(data),
    dataVersion: 1,
    dataRevision: 0,
  };
}

function report(results: readonly PruneResult[]): string {
  const { cpu, cores, node, platform } = describeMachine();
  const rows = results.map(({ store, seconds, removed, pauses }) => [
    store,
    `${seconds.toFixed(1)} s`,
    whole(removed),
    ...[pauses.p50, pauses.p99, pauses.longest].map((pause) => `${pause.toFixed(1)} ms`),
  ]);
  return `${[
    "# Results of `npm run bench:prune`",
    `${whole(total)} sessions in each store, half of them expired, pruned by two nodes at once in one process. ${cpu}, ${cores} cores, ${platform}, Node ${node}, ${new Date(now).toISOString().slice(0, 10)}.`,
    table(["store", "took", "removed by both", "pause p50", "p99", "longest"], rows),
    "A pause is how long the event loop was held up, by whatever it was: it is what other requests feel. Both nodes together remove each session once.",
  ].join("\n\n")}\n`;
}
