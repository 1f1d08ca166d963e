/** Audit records for tests of stores. */
import { randomBytes } from "node:crypto";
import type { AuditRecord } from "../../audit/audit-record.ts";
import { beginning } from "../record.ts";

/** A record of something that happened at `beginning`, but for these fields. */
export function auditRecord(fields: Partial<AuditRecord> = {}): AuditRecord {
  return { id: randomBytes(16).toString("base64url"), at: beginning, event: "created", ...fields };
}

/** A record in which no field is empty. */
export function fullAuditRecord(fields: Partial<AuditRecord> = {}): AuditRecord {
  return auditRecord({
    userId: "ada",
    sessionId: "q0bJ2bX3mUq0vT1lWzV7kAe4s",
    client: { ip: "192.0.2.1", userAgent: "Mozilla/5.0 (X11; Linux x86_64)", language: "en-GB" },
    reason: "logout",
    correlationId: "Zm9vYmFyYmF6",
    details: { amr: ["pwd", "otp"], lost: 3, none: null, nested: { b: 1, a: [true, {}] } },
    ...fields,
  });
}

/** So many records, a millisecond apart, in the order of time. */
export function auditRecords(count: number, fields: Partial<AuditRecord> = {}): AuditRecord[] {
  return Array.from({ length: count }, (_, index) => auditRecord({ at: beginning + index, ...fields }));
}
