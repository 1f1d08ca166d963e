/** A whole audit in one call: what is recorded, sealed, and let go. */
import type { SessionObserver, Warn } from "../core/events.ts";
import { AuditTrail, type AuditTrailOptions } from "./trail.ts";
import { type AuditUpkeepOptions, startAuditUpkeep } from "./upkeep.ts";

/** An audit that runs. `close` writes and seals what is left: call it before the store is closed. */
export type Audit = Pick<AuditTrail, "record" | "flush" | "close">;

/** Where an audit goes, and how it is kept there. By default it warns and tells the time as the manager does. */
export type AuditOptions = AuditTrailOptions & AuditUpkeepOptions;

/** The part of the manager that is used. */
interface AuditedSessions {
  readonly now: () => number;
  readonly warn: Warn;
  observe(observer: SessionObserver): () => void;
}

/**
 * Records every event of these sessions, and what the application tells it. In a store it is sealed, and what is too old
 * is removed, on as many nodes as you like. Does not keep the process alive.
 * @throws TypeError if there is neither a store nor a sink, or the retention makes no sense.
 */
export function startAudit(sessions: AuditedSessions, options: AuditOptions): Audit {
  const kept = { now: sessions.now, warn: sessions.warn, ...options };
  const trail = new AuditTrail(kept);
  const stopUpkeep = kept.store && startAuditUpkeep(kept.store, kept);
  const stopObserving = sessions.observe(trail.observe);
  return {
    record: (fact) => trail.record(fact),
    flush: () => trail.flush(),
    close: async () => {
      stopObserving();
      await trail.close();
      await stopUpkeep?.();
    },
  };
}
