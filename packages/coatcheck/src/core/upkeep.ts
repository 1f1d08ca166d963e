/** The housekeeping of a node that runs for long. */
import { randomInt } from "node:crypto";
import type { SessionManager } from "./manager.ts";

/** How often what is done, in milliseconds. */
export interface UpkeepOptions {
  /** Comparing the clocks of node and store. Default 30 seconds. */
  readonly checkEvery?: number;
  /** Pruning what has expired. Default 10 minutes, give or take a fifth, so that nodes do not prune in step. */
  readonly pruneEvery?: number;
}

/**
 * Checks the clocks now and regularly, and prunes regularly. Does not keep the process alive. Returns how to stop it.
 */
export function startUpkeep<D>(sessions: SessionManager<D>, options: UpkeepOptions = {}): () => void {
  const { checkEvery = 30_000, pruneEvery = 10 * 60_000 } = options;
  const check = () => void sessions.ready();
  const prune = () =>
    void sessions.prune().catch((cause) => sessions.warn("Expired sessions could not be pruned", cause));
  const timers = [setInterval(check, checkEvery), setInterval(prune, jittered(pruneEvery))];
  for (const timer of timers) timer.unref();
  check();
  return () => timers.forEach(clearInterval);
}

function jittered(interval: number): number {
  const fifth = Math.ceil(interval / 5);
  return interval + randomInt(-fifth, fifth + 1);
}
