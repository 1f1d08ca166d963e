/** What is told to the audit, and the record that comes of it. */
import { randomBytes } from "node:crypto";
import type { SessionEvent } from "../core/events.ts";
import type { ClientInfo } from "../core/fingerprint.ts";
import type { AuditDetails, AuditRecord } from "./audit-record.ts";
import type { AuditContext } from "./correlation.ts";

/**
 * Something that happened. Texts are cut to 256 characters, those of the client to 512; details beyond 2,000 characters of
 * JSON are left out.
 */
export interface AuditFact {
  /** Lower-case words joined by hyphens: `sign-in-failed`. */
  readonly event: string;
  /** Whom it is about. */
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Default: the client of the request. */
  readonly client?: ClientInfo | undefined;
  readonly reason?: string | undefined;
  /** Never a password, a token, or what may be one: people type passwords into the wrong field. */
  readonly details?: AuditDetails;
  /** Milliseconds since the epoch. Default: now; so it is for what is no time. */
  readonly at?: number;
  /**
   * Anybody can cause it as often as they like, without having proved anything. Of one kind and user 60 are recorded
   * in a minute; how many more there were is one record, so that nobody can fill the database, or hide among the noise.
   */
  readonly unproven?: boolean;
}

const longestText = 256;
const longestClientText = 512;
const longestDetails = 2_000;

export function factOf({ type, at, ...about }: SessionEvent): AuditFact {
  const { userId, sessionId, client, reason, ...details } = about as Partial<Record<string, unknown>> & {
    readonly userId?: string;
    readonly sessionId?: string;
    readonly client?: ClientInfo;
    readonly reason?: string;
  };
  const unproven = userId === undefined;
  return { event: type, at, userId, sessionId, client, reason, details, unproven };
}

export function recordOf(fact: AuditFact, context: AuditContext, now: number): AuditRecord {
  const { userId, sessionId, reason, at = now } = fact;
  const { correlationId, by } = context;
  const client = clientOf(fact.client ?? context.client ?? {});
  const details = {
    ...smallDetails(fact.details),
    ...(by !== undefined && by !== userId && { by: text(by) }),
  };
  return {
    id: randomBytes(16).toString("base64url"),
    at: Number.isSafeInteger(Math.trunc(at)) ? Math.trunc(at) : Math.trunc(now),
    event: text(fact.event),
    ...(userId !== undefined && { userId: text(userId) }),
    ...(sessionId !== undefined && { sessionId: text(sessionId) }),
    ...(Object.keys(client).length > 0 && { client }),
    ...(reason !== undefined && { reason: text(reason) }),
    ...(correlationId !== undefined && { correlationId: text(correlationId) }),
    ...(Object.keys(details).length > 0 && { details }),
  };
}

/** What is kept of a client: what a session keeps, and so no Accept-Encoding. */
function clientOf({ ip, userAgent, language }: ClientInfo): ClientInfo {
  return {
    ...(ip !== undefined && { ip: text(ip, longestClientText) }),
    ...(userAgent !== undefined && { userAgent: text(userAgent, longestClientText) }),
    ...(language !== undefined && { language: text(language, longestClientText) }),
  };
}

/** As stores keep them. Whoever tells of something must not fail because of how they tell it. */
function smallDetails(details: AuditDetails | undefined): AuditDetails {
  if (!details) return {};
  try {
    const json = JSON.stringify(details);
    return json.length > longestDetails ? { omitted: "too long" } : JSON.parse(json);
  } catch {
    return { omitted: "not JSON" };
  }
}

/** Halves of surrogates are no text to databases, and one record that they refuse would hold up all the others. */
function text(value: string, longest = longestText): string {
  return String(value).slice(0, longest).toWellFormed();
}
