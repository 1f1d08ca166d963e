/** What the server does on its own: removes what has expired, and compares its clock with the store's. */
import { randomInt } from "node:crypto";
import type { SessionManager } from "coatcheck";
import type { Logger } from "pino";

const interval = 5 * 60_000;

/** Starts it. The returned function stops it, once a run that is under way has ended. It keeps no process alive. */
export function startUpkeep(sessions: SessionManager, logger: Logger): () => Promise<void> {
  const stopping = new AbortController();
  let running = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = () => {
    if (stopping.signal.aborted) return;
    // A jitter, so that many nodes that started together do not prune together.
    timer = setTimeout(run, interval + randomInt(interval / 5)).unref();
  };
  const run = () => {
    running = upkeep(sessions, logger).then(schedule);
  };
  schedule();
  return () => {
    stopping.abort();
    clearTimeout(timer);
    return running;
  };
}

async function upkeep(sessions: SessionManager, logger: Logger): Promise<void> {
  try {
    const { ready, problem, skew } = await sessions.ready();
    if (!ready) logger.error({ event: "not-ready", problem, skew });
    const removed = await sessions.prune();
    if (removed > 0) logger.info({ event: "pruned", removed });
  } catch (err) {
    logger.error({ event: "upkeep-failed", err });
  }
}
