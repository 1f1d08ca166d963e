/** The audit of the server: what happens to sessions and accounts, in its database and in its log. */
import { type Audit, type AuditSink, type AuditStore, type SessionManager, startAudit } from "coatcheck";
import type { Logger } from "pino";
import { accountEvents } from "../accounts/account-event.ts";

const day = 24 * 60 * 60_000;

/** In milliseconds. */
export function auditRetention(days: number): number {
  return days * day;
}

export function openAudit(
  sessions: SessionManager,
  store: AuditStore,
  { days, logger }: { days: number; logger: Logger },
): Audit {
  return startAudit(sessions, {
    store,
    sinks: [logAccountEvents(logger)],
    retention: auditRetention(days),
    // Where logs are kept elsewhere, this is what nobody who writes to the database can take back.
    onSealed: ({ position, hash }) => logger.info({ event: "audit-sealed", position, hash }),
    onPruned: (removed) => logger.info({ event: "audit-pruned", removed }),
  });
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
