/** The housekeeping of an audit: sealing, and letting go what is too old. */
import { randomInt } from "node:crypto";
import type { Warn } from "../core/events.ts";
import type { AuditSeal, AuditStore } from "./audit-store.ts";
import { assertRetention, defaultRetention } from "./retention.ts";

/** How an audit is kept. Durations are in milliseconds. */
export interface AuditUpkeepOptions {
  /** How old a record becomes. Default 400 days; `Infinity` keeps all. Give `verifyAudit` the same. */
  readonly retention?: number;
  /** How often the tail is sealed. Default 10 seconds. What is younger is not protected by the chain yet. */
  readonly sealEvery?: number;
  /** How often old records are removed. Default an hour, give or take a fifth. */
  readonly pruneEvery?: number;
  /** Told the new head each time something was sealed: publish it, and nobody can make the chain anew unnoticed. */
  readonly onSealed?: (head: AuditSeal) => void;
  /** Told how many records retention has removed. */
  readonly onPruned?: (removed: number) => void;
  /** Default `console.warn`. */
  readonly warn?: Warn;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** Some milliseconds of the event loop in SQLite. */
const batch = 100;

/** Seals all that is not sealed yet, in bounded steps that leave the event loop free. Returns the head, if it moved. */
export async function sealAudit(store: AuditStore): Promise<AuditSeal | undefined> {
  let moved: AuditSeal | undefined;
  for (;;) {
    const { sealed, head } = await store.seal(batch);
    if (sealed > 0) moved = head;
    if (sealed < batch) return moved;
    await turn();
  }
}

/**
 * Removes the sealed records from before `before` but for the last of them, in bounded steps that leave the event loop
 * free; returns how many.
 */
export async function pruneAudit(store: AuditStore, before: number): Promise<number> {
  let total = 0;
  for (;;) {
    const { removed } = await store.deleteOlder(before, batch);
    total += removed;
    if (removed < batch) return total;
    await turn();
  }
}

/**
 * Seals and removes regularly, on as many nodes as you like: they take turns. Does not keep the process alive.
 *
 * @returns how to stop: seals what is there, and resolves when what is under way has ended.
 */
export function startAuditUpkeep(store: AuditStore, options: AuditUpkeepOptions = {}): () => Promise<void> {
  const {
    retention = defaultRetention,
    sealEvery = 10_000,
    pruneEvery = 60 * 60_000,
    now = Date.now,
  } = options;
  const warn: Warn = options.warn ?? ((message, cause) => console.warn(`coatcheck: ${message}`, cause));
  assertRetention(retention);
  let working: Promise<unknown> = Promise.resolve();
  let failing = false;
  const next = (work: () => Promise<void>, failure: string) => {
    working = working.then(work).then(
      () => {
        failing = false;
      },
      (cause) => {
        // Once for each outage: the next attempt is seconds away.
        if (!failing) warn(failure, cause);
        failing = true;
      },
    );
    return working;
  };
  const seal = () =>
    next(async () => {
      const head = await sealAudit(store);
      if (head) options.onSealed?.(head);
    }, "The audit could not be sealed");
  const prune = () =>
    next(async () => {
      const removed = await pruneAudit(store, now() - retention);
      if (removed > 0) options.onPruned?.(removed);
    }, "Old audit records could not be removed");
  const timers = [setInterval(seal, sealEvery), setInterval(prune, jittered(pruneEvery))];
  for (const timer of timers) timer.unref();
  return async () => {
    timers.forEach(clearInterval);
    await seal();
  };
}

function jittered(interval: number): number {
  const fifth = Math.ceil(interval / 5);
  return interval + randomInt(-fifth, fifth + 1);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
