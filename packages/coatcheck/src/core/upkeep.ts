/** The housekeeping of a node that runs for long. */
import { randomInt } from "node:crypto";
import type { SessionManager } from "./manager.ts";
import type { Readiness } from "./store-clock.ts";

/** How often what is done, in milliseconds. */
export interface UpkeepOptions {
  /** Comparing the clocks of node and store. Default 5 seconds. */
  readonly checkEvery?: number;
  /** Pruning what has expired. Default 10 minutes, give or take a fifth, so that nodes do not prune in step. */
  readonly pruneEvery?: number;
}

/**
 * Compares the clocks now and regularly, and prunes regularly; reports by the manager's `warn` when the node becomes
 * unready. Does not keep the process alive.
 *
 * @returns how to stop: resolves when a pruning that is under way has ended, so that the store can be closed.
 */
export function startUpkeep<D>(
  sessions: SessionManager<D>,
  options: UpkeepOptions = {},
): () => Promise<void> {
  const { checkEvery = 5_000, pruneEvery = 10 * 60_000 } = options;
  let wasReady = true;
  const check = async () => {
    const readiness = await sessions.ready();
    if (wasReady && !readiness.ready) sessions.warn(explanation(readiness));
    wasReady = readiness.ready;
  };
  let pruning: Promise<unknown> = Promise.resolve();
  const prune = () => {
    pruning = pruning.then(() => sessions.prune()).catch((cause) => sessions.warn("Pruning failed", cause));
  };
  const timers = [setInterval(check, checkEvery), setInterval(prune, jittered(pruneEvery))];
  for (const timer of timers) timer.unref();
  void check();
  return async () => {
    timers.forEach(clearInterval);
    await pruning;
  };
}

function explanation({ problem, skew }: Readiness): string {
  return problem === "clock-skew"
    ? `This node is not ready: its clock differs from the store's by ${skew} ms. Until they agree it notes no use, renews nothing and prunes nothing. Synchronise the clock of the node or of the store`
    : "This node is not ready: the session store does not answer";
}

function jittered(interval: number): number {
  const fifth = Math.ceil(interval / 5);
  return interval + randomInt(-fifth, fifth + 1);
}
