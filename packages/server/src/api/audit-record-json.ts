/** An audit record as the API and the commands show it. */
import type { AuditRecord } from "coatcheck";
import { deviceName } from "../device-name.ts";

export interface AuditRecordJson {
  id: string;
  at: string;
  event: string;
  userId?: string | undefined;
  sessionId?: string | undefined;
  device?: string | undefined;
  ip?: string | undefined;
  userAgent?: string | undefined;
  reason?: string | undefined;
  correlationId?: string | undefined;
  details?: Record<string, unknown> | undefined;
}

export function recordJson({ at, client, ...record }: AuditRecord): AuditRecordJson {
  const { ip, userAgent } = client ?? {};
  return {
    ...record,
    at: new Date(at).toISOString(),
    ...(userAgent !== undefined && { device: deviceName(userAgent), userAgent }),
    ...(ip !== undefined && { ip }),
    ...(record.details && { details: { ...record.details } }),
  };
}
