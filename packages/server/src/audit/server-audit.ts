/** The audit of the server: what happens to sessions and accounts, in its database and in its log. */
import { type AuditSink, type AuditStore, AuditTrail, startAuditUpkeep, type Warn } from "coatcheck";
import type { Logger } from "pino";
import { accountEvents } from "../accounts/account-event.ts";

const day = 24 * 60 * 60_000;

export interface ServerAudit {
  readonly trail: AuditTrail;
  /** Writes and seals what is left. Call it when nothing happens any more, before the stores are closed. */
  close(): Promise<void>;
}

export function openAudit(
  store: AuditStore,
  { days, logger, warn, now }: { days: number; logger: Logger; warn: Warn; now: () => number },
): ServerAudit {
  const trail = new AuditTrail({ store, sinks: [logAccountEvents(logger)], warn, now });
  const stopUpkeep = startAuditUpkeep(store, {
    retention: days * day,
    warn,
    now,
    // Where logs are kept elsewhere, this is what nobody who writes to the database can take back.
    onSealed: ({ position, hash }) => logger.info({ event: "audit-sealed", position, hash }),
    onPruned: (removed) => logger.info({ event: "audit-pruned", removed }),
  });
  return {
    trail,
    close: async () => {
      await trail.close();
      await stopUpkeep();
    },
  };
}

/** Session events have lines of their own already. */
function logAccountEvents(logger: Logger): AuditSink {
  const names: readonly string[] = accountEvents;
  return ({ event, userId, reason, client, correlationId, details }) => {
    if (names.includes(event)) {
      logger.info({ event, requestId: correlationId, userId, reason, ip: client?.ip, ...details });
    }
  };
}
