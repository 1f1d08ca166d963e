/** Remembered browsers in PostgreSQL. */
import type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "../../core/remember-store.ts";
import { isPending, isSuperseded, readClient, readStored } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";
import type { Database } from "./database.ts";
import { prefix } from "./name.ts";
import { escaped, pendingColumn, type Row, unescaped, type Value, whole } from "./row.ts";
import { named, prune, type Statement } from "./statements.ts";

export class PostgresRememberStore implements RememberStore {
  readonly #database: Database;
  readonly #sql: Statements;

  constructor(database: Database, schema: string | undefined) {
    this.#database = database;
    this.#sql = statements(`${prefix(schema)}coatcheck_remembered`);
  }

  async insert(record: RememberRecord): Promise<boolean> {
    const inserted = await this.#database.query(this.#sql.insert, toRow(record));
    return inserted.length === 1;
  }

  async find(id: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.find, id);
  }

  async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.findBySession, sessionId);
  }

  async findByUser(userId: string): Promise<readonly RememberRecord[]> {
    const rows = await this.#database.query(this.#sql.findByUser, [escaped(userId)]);
    return rows.map(toRecord);
  }

  async update(id: SessionId, change: RememberChange, now: number, secretRevision: number): Promise<boolean> {
    const values = [id, now, secretRevision, ...changeValues(change)];
    try {
      const updated = await this.#database.query(this.#sql.update, values);
      return updated.length === 1;
    } catch (error) {
      if ((error as { code?: unknown }).code === uniqueViolation) return false;
      throw error;
    }
  }

  async delete(id: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.delete, id);
  }

  async deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.deleteBySession, sessionId);
  }

  /** Under a lock, so that two who remove the same rows do not wait for each other. */
  async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
    const lock = `coatcheck remembered browsers of ${escaped(userId)}`;
    const values = [escaped(userId), except ?? null];
    const rows = await this.#database.queryAlone(lock, this.#sql.deleteByUser, values);
    return rows.map(toRecord);
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<RememberPruneStep> {
    const { rows, next } = await this.#database.prune(this.#sql.deleteExpired, now, batch, from);
    return { removed: rows.length, next };
  }

  async #one(statement: Statement, key: string): Promise<RememberRecord | undefined> {
    const [row] = await this.#database.query(statement, [key]);
    return row && toRecord(row);
  }
}

/** Somebody else has begun the same session at this very moment. */
const uniqueViolation = "23505";

type Statements = ReturnType<typeof statements>;

/**
 * Each look-up is by one column, and two where there are two ways: put together by OR, a table that was small when the
 * connection planned the statement would be read whole until the next autovacuum.
 */
function statements(table: string) {
  const columns = Object.keys(recordColumns).join(", ");
  const values = Object.values(recordColumns).map((type, index) => `$${index + 1}::${type}`);
  const unknown = (session: string) => `
    NOT EXISTS (SELECT FROM ${table} WHERE session_id = ${session})
    AND NOT EXISTS (SELECT FROM ${table} WHERE former_session_id = ${session})`;
  return named({
    insert: `
      INSERT INTO ${table} (${columns})
      SELECT ${values.join(", ")} WHERE ${unknown("$9")} AND ${unknown("$10")}
      ON CONFLICT DO NOTHING
      RETURNING 1`,

    find: `SELECT ${columns} FROM ${table} WHERE id = $1`,

    findBySession: `
      SELECT ${columns} FROM ${table} WHERE session_id = $1
      UNION ALL SELECT ${columns} FROM ${table} WHERE former_session_id = $1`,

    findByUser: `SELECT ${columns} FROM ${table} WHERE user_id = $1`,

    update: `
      UPDATE ${table} SET
        secret_hash = $4,
        secret_issued_at = $5,
        pending = $6,
        superseded = $7,
        secret_revision = secret_revision + 1,
        session_id = coalesce($8, session_id),
        former_session_id = CASE WHEN $8::text IS NULL THEN former_session_id ELSE session_id END,
        last_used_at = greatest(last_used_at, $9::bigint)
      WHERE id = $1 AND expires_at > $2 AND secret_revision = $3 AND ${unknown("$8")}
      RETURNING 1`,

    delete: `DELETE FROM ${table} WHERE id = $1 RETURNING ${columns}`,

    /** Asked again of the row itself: while it was waited for, its sessions may have changed. */
    deleteBySession: `
      DELETE FROM ${table}
      WHERE id = (
        SELECT id FROM ${table} WHERE session_id = $1
        UNION ALL SELECT id FROM ${table} WHERE former_session_id = $1
        LIMIT 1
      ) AND (session_id = $1 OR former_session_id = $1)
      RETURNING ${columns}`,

    deleteByUser: `
      DELETE FROM ${table} WHERE user_id = $1 AND session_id IS DISTINCT FROM $2::text RETURNING ${columns}`,

    deleteExpired: prune(table, "expires_at"),
  });
}

/** The columns of a record in the order of `toRow`, with their types. */
const recordColumns = {
  id: "text",
  user_id: "text",
  family_hash: "text",
  secret_hash: "text",
  secret_issued_at: "bigint",
  pending: "text",
  superseded: "text",
  secret_revision: "bigint",
  session_id: "text",
  former_session_id: "text",
  created_at: "bigint",
  last_used_at: "bigint",
  expires_at: "bigint",
  client: "text",
} as const;

/** Only `pending` and the former session may be null. */
type RecordRow = readonly [
  id: SessionId,
  userId: string,
  familyHash: string,
  secretHash: string,
  secretIssuedAt: string,
  pending: string | null,
  superseded: string,
  secretRevision: string,
  sessionId: SessionId,
  formerSessionId: SessionId | null,
  createdAt: string,
  lastUsedAt: string,
  expiresAt: string,
  client: string,
];

function toRow(record: RememberRecord): Value[] {
  return [
    record.id,
    escaped(record.userId),
    record.familyHash,
    record.secretHash,
    record.secretIssuedAt,
    pendingColumn(record.pending),
    JSON.stringify(record.superseded),
    record.secretRevision,
    record.sessionId,
    record.formerSessionId ?? null,
    record.createdAt,
    record.lastUsedAt,
    record.expiresAt,
    JSON.stringify(record.client),
  ];
}

function toRecord(row: Row): RememberRecord {
  const [id, user, familyHash, secretHash, secretIssuedAt, pending, superseded, ...rest] = row as RecordRow;
  const [secretRevision, sessionId, formerSessionId, createdAt, lastUsedAt, expiresAt, client] = rest;
  return {
    id,
    userId: unescaped(user),
    familyHash,
    secretHash,
    secretIssuedAt: whole("secret_issued_at", secretIssuedAt),
    ...(pending !== null && { pending: readStored("pending", pending, isPending) }),
    superseded: readStored("superseded", superseded, isSuperseded),
    secretRevision: whole("secret_revision", secretRevision),
    sessionId,
    ...(formerSessionId !== null && { formerSessionId }),
    createdAt: whole("created_at", createdAt),
    lastUsedAt: whole("last_used_at", lastUsedAt),
    expiresAt: whole("expires_at", expiresAt),
    client: readClient(client),
  };
}

/** The values of a change, in the order of its numbers; null leaves a column as it is, but for `pending`. */
function changeValues({ secret, sessionId, lastUsedAt }: RememberChange): Value[] {
  return [
    secret.secretHash,
    secret.secretIssuedAt,
    pendingColumn(secret.pending),
    JSON.stringify(secret.superseded),
    sessionId ?? null,
    lastUsedAt ?? null,
  ];
}
