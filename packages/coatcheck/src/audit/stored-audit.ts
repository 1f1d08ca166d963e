/**
 * Reads back the parts of an audit record that stores keep as JSON text. One that cannot be read must not hide the
 * record, nor all the others of its page: it is said to be unreadable, and verifying the chain says where it was changed.
 */
import { isClient, isObject } from "../core/stored.ts";
import type { AuditDetails, AuditRecord } from "./audit-record.ts";

type Parts = Pick<AuditRecord, "client" | "details">;

/** `null` stands for a part that the record does not have. */
export function readParts(client: string | null, details: string | null): Parts {
  const read: { client: unknown; details: unknown } = { client: parsed(client), details: parsed(details) };
  const unreadable = [
    ...(client === null || isClient(read.client) ? [] : ["client"]),
    ...(details === null || isObject(read.details) ? [] : ["details"]),
  ];
  if (unreadable.length > 0) return { details: { unreadable } };
  return {
    ...(client !== null && { client: read.client as Parts["client"] & object }),
    ...(details !== null && { details: read.details as AuditDetails }),
  };
}

/** The text of a part, as `readParts` takes it. */
export function partText(part: object | undefined): string | null {
  return part ? JSON.stringify(part) : null;
}

/** Undefined also for what stores have not written like that: of `{"ip":1,"ip":2}` other readers see another value. */
function parsed(text: string | null): unknown {
  try {
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
