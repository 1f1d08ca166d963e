/** What a request adds to every audit record of what it causes. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ClientInfo } from "../core/fingerprint.ts";

/** What is known of a request. */
export interface AuditContext {
  /** What the log calls the request, for example its `X-Request-Id`. */
  readonly correlationId?: string;
  /** For records that name no client of their own: whose request ended the session of another device. */
  readonly client?: ClientInfo;
  /** The user who asks. Records about somebody else say so in their details, as `by`. */
  readonly by?: string;
}

const contexts = new AsyncLocalStorage<AuditContext>();

/** Does the work of a request, within which audit records get its context, and that of the work around it. */
export function correlated<T>(context: AuditContext, work: () => T): T {
  return contexts.run({ ...contexts.getStore(), ...context }, work);
}

/** The context of the work that is going on. */
export function auditContext(): AuditContext {
  return contexts.getStore() ?? {};
}
