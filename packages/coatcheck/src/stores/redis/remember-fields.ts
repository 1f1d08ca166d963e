/** How a remembered browser lies in its hash. */
import type { RememberChange, RememberRecord } from "../../core/remember-store.ts";
import { isClient, isPending, isSuperseded, isText } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";
import { escaped, fieldsIn, number, parsed, text, unescaped } from "./fields.ts";

type Secret = NonNullable<RememberChange["secret"]>;

/** Names and values in turn, as HSET takes them. */
export function fieldsOf(record: RememberRecord): string[] {
  return [
    ...["user", escaped(record.userId)],
    ...["family", record.familyHash],
    ...["secret", secretText(record)],
    ...["secretRevision", String(record.secretRevision)],
    ...["session", record.sessionId],
    ...(record.formerSessionId === undefined ? [] : ["former", record.formerSessionId]),
    ...["created", String(record.createdAt)],
    ...["used", String(record.lastUsedAt)],
    ...["expires", String(record.expiresAt)],
    ...["client", JSON.stringify(record.client)],
  ];
}

/** @param reply the fields, or none where there is no record. */
export function toRecord(id: SessionId, reply: unknown): RememberRecord | undefined {
  const fields = fieldsIn(reply);
  if (fields.size === 0) return undefined;
  const { pending, ...secret } = parsed(fields, "secret", isSecret);
  return {
    id,
    userId: unescaped(text(fields, "user"), "user"),
    familyHash: text(fields, "family"),
    ...secret,
    ...(pending && { pending }),
    secretRevision: number(fields, "secretRevision"),
    sessionId: text(fields, "session") as SessionId,
    ...(fields.has("former") && { formerSessionId: text(fields, "former") as SessionId }),
    createdAt: number(fields, "created"),
    lastUsedAt: number(fields, "used"),
    expiresAt: number(fields, "expires"),
    client: parsed(fields, "client", isClient),
  };
}

export function secretText({ secretHash, secretIssuedAt, pending, superseded }: Secret): string {
  return JSON.stringify({ secretHash, secretIssuedAt, pending, superseded });
}

function isSecret(value: unknown): value is Secret {
  const { secretHash, secretIssuedAt, pending, superseded } = (value ?? {}) as Partial<Secret>;
  return (
    isText(secretHash) &&
    Number.isFinite(secretIssuedAt) &&
    (pending === undefined || isPending(pending)) &&
    isSuperseded(superseded)
  );
}
