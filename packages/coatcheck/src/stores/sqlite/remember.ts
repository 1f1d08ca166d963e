/** Remembered browsers in SQLite. */
import type { SQLInputValue, StatementSync } from "node:sqlite";
import type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "../../core/remember-store.ts";
import { isPending, isSuperseded, readClient, readStored } from "../../core/stored.ts";
import type { SessionId } from "../../core/token.ts";
import { type Connection, type Row, rowOf } from "./connection.ts";
import { pendingColumn, userColumn, userIdOf } from "./row.ts";

/** What its methods have answered survives a power cut, as the sessions do. */
export class SqliteRememberStore implements RememberStore {
  readonly #connection: Connection;
  readonly #sql: Statements;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepareStatements(connection);
  }

  async insert(record: RememberRecord): Promise<boolean> {
    const { id, sessionId, formerSessionId = null } = record;
    return this.#changes(() => {
      if (this.#sql.known.get({ id, sessionId, formerSessionId })) return 0;
      return this.#sql.insert.run(...toRow(record)).changes;
    });
  }

  async find(id: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.find, id);
  }

  async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return this.#one(this.#sql.findBySession, sessionId);
  }

  async findByUser(userId: string): Promise<readonly RememberRecord[]> {
    return this.#connection.rows(this.#sql.findByUser, userColumn(userId)).map(toRecord);
  }

  async update(id: SessionId, change: RememberChange, now: number, secretRevision: number): Promise<boolean> {
    const values = { id, now, secretRevision, ...changeValues(change) };
    return this.#changes(() => this.#sql.update.run(values).changes);
  }

  async delete(id: SessionId): Promise<RememberRecord | undefined> {
    const [removed] = await this.#remove(() => this.#sql.delete.all(id));
    return removed;
  }

  async deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    const [removed] = await this.#remove(() => this.#sql.deleteBySession.all(sessionId));
    return removed;
  }

  async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
    return this.#remove(() => this.#sql.deleteByUser.all(userColumn(userId), except ?? ""));
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<RememberPruneStep> {
    const { walk, deleteExpired } = this.#sql;
    const { rows, next } = await this.#connection.prune(walk, deleteExpired, now, batch, from);
    return { removed: rows.length, next };
  }

  #one(statement: StatementSync, key: string): RememberRecord | undefined {
    const row = statement.get(key);
    return row && toRecord(rowOf(row));
  }

  /** Whether anything was changed; if so, for good. */
  async #changes(work: () => number | bigint): Promise<boolean> {
    const changed = (await this.#connection.write(work)) === 1;
    if (changed) await this.#connection.flushed();
    return changed;
  }

  /** The rows are read after they are gone for good: even a damaged record can be removed. */
  async #remove(remove: () => ReturnType<StatementSync["all"]>): Promise<RememberRecord[]> {
    const rows = (await this.#connection.write(remove)).map(rowOf);
    if (rows.length > 0) await this.#connection.flushed();
    return rows.map(toRecord);
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(connection: Connection) {
  const columns = recordColumns.join(", ");
  const prepare = (sql: string) => connection.prepare(sql);
  return {
    known: prepare(`
      SELECT 1 FROM coatcheck_remembered
      WHERE id = :id OR session_id IN (:sessionId, :formerSessionId)
        OR former_session_id IN (:sessionId, :formerSessionId)`),
    insert: prepare(
      `INSERT INTO coatcheck_remembered (${columns}) VALUES (${recordColumns.map(() => "?").join(", ")})`,
    ),
    find: prepare(`SELECT ${columns} FROM coatcheck_remembered WHERE id = ?`),
    findBySession: prepare(
      `SELECT ${columns} FROM coatcheck_remembered WHERE session_id = ?1 OR former_session_id = ?1`,
    ),
    findByUser: prepare(`SELECT ${columns} FROM coatcheck_remembered WHERE user_id = ?`),
    update: prepare(`
      UPDATE coatcheck_remembered SET
        secret_hash = :secretHash,
        secret_issued_at = :secretIssuedAt,
        pending = :pending,
        superseded = :superseded,
        secret_revision = secret_revision + 1,
        session_id = coalesce(:sessionId, session_id),
        former_session_id = iif(:sessionId IS NULL, former_session_id, session_id),
        last_used_at = max(last_used_at, coalesce(:lastUsedAt, last_used_at))
      WHERE id = :id AND expires_at > :now AND secret_revision = :secretRevision
        AND NOT EXISTS (
          SELECT 1 FROM coatcheck_remembered WHERE session_id = :sessionId OR former_session_id = :sessionId
        )`),
    delete: prepare(`DELETE FROM coatcheck_remembered WHERE id = ? RETURNING ${columns}`),
    deleteBySession: prepare(
      `DELETE FROM coatcheck_remembered WHERE session_id = ?1 OR former_session_id = ?1 RETURNING ${columns}`,
    ),
    deleteByUser: prepare(
      `DELETE FROM coatcheck_remembered WHERE user_id = ? AND session_id <> ? RETURNING ${columns}`,
    ),
    walk: prepare("SELECT id, expires_at FROM coatcheck_remembered WHERE id > ? ORDER BY id LIMIT ?"),
    deleteExpired: prepare(
      "DELETE FROM coatcheck_remembered WHERE id > ? AND id <= ? AND expires_at <= ? RETURNING id",
    ),
  };
}

const recordColumns = [
  "id",
  "user_id",
  "family_hash",
  "secret_hash",
  "secret_issued_at",
  "pending",
  "superseded",
  "secret_revision",
  "session_id",
  "former_session_id",
  "created_at",
  "last_used_at",
  "expires_at",
  "client",
] as const;

/** The types are the table's: it is STRICT. */
type RecordRow = [
  id: SessionId,
  userId: string,
  familyHash: string,
  secretHash: string,
  secretIssuedAt: number,
  pending: string | null,
  superseded: string,
  secretRevision: number,
  sessionId: SessionId,
  formerSessionId: SessionId | null,
  createdAt: number,
  lastUsedAt: number,
  expiresAt: number,
  client: string,
];

function toRow(record: RememberRecord): RecordRow {
  return [
    record.id,
    userColumn(record.userId),
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
  const [id, user, familyHash, secretHash, secretIssuedAt, pending, superseded, ...rest] =
    row as unknown as RecordRow;
  const [secretRevision, sessionId, formerSessionId, createdAt, lastUsedAt, expiresAt, client] = rest;
  return {
    id,
    userId: userIdOf(user),
    familyHash,
    secretHash,
    secretIssuedAt,
    ...(pending !== null && { pending: readStored("pending", pending, isPending) }),
    superseded: readStored("superseded", superseded, isSuperseded),
    secretRevision,
    sessionId,
    ...(formerSessionId !== null && { formerSessionId }),
    createdAt,
    lastUsedAt,
    expiresAt,
    client: readClient(client),
  };
}

/** The values of a change; null leaves a column as it is, but for `pending`. */
function changeValues({ secret, sessionId, lastUsedAt }: RememberChange): Record<string, SQLInputValue> {
  return {
    secretHash: secret.secretHash,
    secretIssuedAt: secret.secretIssuedAt,
    pending: pendingColumn(secret.pending),
    superseded: JSON.stringify(secret.superseded),
    sessionId: sessionId ?? null,
    lastUsedAt: lastUsedAt ?? null,
  };
}
