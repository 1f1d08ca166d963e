/** A promise that audit stores keep, in words, and what proves it. */
import type { AuditStore } from "../../audit/audit-store.ts";

/** Audit stores on one backend that was empty when they were connected. */
export interface ConnectedAudit {
  readonly store: AuditStore;
  /** Another connection to the same backend, as another node has it. */
  readonly elsewhere: AuditStore;
}

export type AuditCase = (on: ConnectedAudit) => Promise<void>;

/** Promises by name. */
export type AuditCases = Readonly<Record<string, AuditCase>>;
