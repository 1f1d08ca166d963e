/** What the server does on its own: removes what has expired, and compares its clock with the store's. */
import { randomInt } from "node:crypto";
import type { SessionManager } from "coatcheck";
import type { Logger } from "pino";

const interval = 5 * 60_000;

/** Starts it; the returned function stops it. It never keeps the process alive. */
export function startUpkeep(sessions: SessionManager, logger: Logger): () => void {
  let timer: NodeJS.Timeout;
  const schedule = () => {
    // A jitter, so that many nodes that started together do not prune together.
    timer = setTimeout(run, interval + randomInt(interval / 5)).unref();
  };
  const run = () => upkeep(sessions, logger).finally(schedule);
  schedule();
  return () => clearTimeout(timer);
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
