/** Sessions in SQLite, by the driver that is part of Node. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { AuditStore } from "../audit/audit-store.ts";
import { keepsTime } from "../core/asked-store.ts";
import type { ChangeListener, ChangeWatch } from "../core/change-watch.ts";
import type { Finding } from "../core/finding.ts";
import { Gathered } from "../core/gathered.ts";
import { leaving } from "../core/record.ts";
import type { RememberStore } from "../core/remember-store.ts";
import { activityPeriod, type ProjectedDirectory, type SessionDirectory } from "../core/session-directory.ts";
import {
  type CountStep,
  type EndedSession,
  type EndReason,
  type InsertResult,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  tombstoneLifetime,
  type UpdateCondition,
} from "../core/store.ts";
import type { ThrottleStore } from "../core/throttle-store.ts";
import type { SessionId } from "../core/token.ts";
import { SqliteAuditStore } from "./sqlite/audit.ts";
import { Connection, type Row, rowOf } from "./sqlite/connection.ts";
import { diagnoseSqlite } from "./sqlite/diagnosis.ts";
import { SqliteProjectedDirectory, SqliteSessionDirectory } from "./sqlite/directory.ts";
import { SqliteRememberStore } from "./sqlite/remember.ts";
import {
  dataChangeColumn,
  mergeColumn,
  pendingColumn,
  recordColumns,
  toEnded,
  toRecord,
  toRow,
  userColumn,
} from "./sqlite/row.ts";
import { migrate } from "./sqlite/schema.ts";
import { SqliteThrottleStore } from "./sqlite/throttle.ts";
import { DatabaseWatch } from "./sqlite/watch.ts";

/** How a `SqliteSessionStore` works. */
export interface SqliteSessionStoreOptions {
  /**
   * How long to wait for another process that writes, in milliseconds. Default 2000. The wait holds up this process:
   * SQLite has no other. Ignored for a connection that was passed in: it has its own.
   */
  readonly timeout?: number;
}

/**
 * Keeps sessions in a SQLite database. Several processes of one machine may share a file. The finds of one turn of the
 * event loop are one statement, and its writes one transaction for each hundred: who brings in many is quickest with a
 * few hundred at a time.
 *
 * Given a path, the store opens the file, in WAL mode, creates it and its folder for the owner only (mode 0600 and
 * 0700), checkpoints on a thread of its own, and closes it in `close`. What its methods have answered survives a power
 * cut: a sign-out stays a sign-out, and a renewal that was lost would look like theft. The disk is waited for off the
 * event loop. Only touches are not waited for; a power cut may take those of the last second.
 *
 * Given an open connection, the store works in it as it is: journal mode, durability, checkpoints and closing are the
 * application's. While a transaction of the application is open on it, writes reject: its ROLLBACK would undo them.
 */
export class SqliteSessionStore implements SessionStore {
  readonly timeout: number;
  /** What happened, in the same database. */
  readonly audit: AuditStore;
  /** Browsers that may come back without a password, in the same database. */
  readonly remember: RememberStore;
  /** Failed attempts, in the same place. */
  readonly throttle: ThrottleStore;
  /** Where these sessions are searched. Never late. */
  readonly directory: SessionDirectory;
  /** Where sessions that live elsewhere are searched, as far as somebody notes them. */
  readonly projection: ProjectedDirectory;
  readonly #connection: Connection;
  readonly #sql: Statements;
  readonly #finds = new Gathered(
    (ids: readonly SessionId[]) => this.#rowsOf(ids),
    (session, id) => (session ? toRecord(session) : this.#ended(id)),
  );
  readonly #listeners = new Set<ChangeListener>();

  static {
    keepsTime(SqliteSessionStore.prototype.find);
  }

  /**
   * @param database the path of a file, `:memory:`, or a connection.
   * @throws Error if the database cannot be opened, or was written by a later release.
   */
  constructor(database: string | DatabaseSync, options: SqliteSessionStoreOptions = {}) {
    this.timeout = options.timeout ?? 2_000;
    if (!Number.isSafeInteger(this.timeout) || this.timeout < 1) {
      throw new TypeError("timeout must be a whole number of milliseconds, at least 1");
    }
    this.#connection = new Connection(database, this.timeout);
    try {
      migrate(this.#connection.db);
      this.#sql = prepareStatements(this.#connection);
      this.audit = new SqliteAuditStore(this.#connection);
      this.remember = new SqliteRememberStore(this.#connection);
      this.throttle = new SqliteThrottleStore(this.#connection);
      this.directory = new SqliteSessionDirectory(this.#connection);
      this.projection = new SqliteProjectedDirectory(this.#connection);
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    const result = await this.#connection.write((): InsertResult => {
      if (this.#sql.known.get({ id: record.id })) return { inserted: false, because: "duplicate" };
      const leave = limit ? leaving(this.#candidates(record.userId), limit, now) : [];
      if (!leave) return { inserted: false, because: "limit" };
      const ended = leave.map(({ record: { id }, reason }) => {
        const former = toRecord(rowOf(this.#sql.delete.all(id)[0]!));
        this.#bury(id, former.familyHash, reason, now);
        return { record: former, reason };
      });
      this.#sql.insert.run(...toRow(record), record.lastSeenAt);
      return { inserted: true, ended };
    });
    if (result.inserted) {
      this.#tell(result.ended.map(({ record: { id } }) => id));
      await this.#connection.flushed();
    }
    return result;
  }

  find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
    return this.#finds.ask(id);
  }

  async update(
    id: SessionId,
    change: SessionChange,
    now: number,
    condition: UpdateCondition = {},
  ): Promise<boolean> {
    const { seen: _, ...others } = change;
    const isTouch = Object.keys(others).length === 0;
    const isUpdated = await this.#connection.write(() => this.#update(id, change, now, condition));
    if (isUpdated && !isTouch) {
      this.#tell([id]);
      await this.#connection.flushed();
    }
    return isUpdated;
  }

  async delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    const [ended] = await this.#end(() => this.#sql.delete.all(id), reason, now);
    return ended;
  }

  async findByUser(userId: string): Promise<readonly SessionRecord[]> {
    return this.#sessionsOf(userId);
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    return this.#end(() => this.#sql.deleteByUser.all(userColumn(userId), except ?? ""), reason, now);
  }

  async deleteExpired(now: number, batch: number, from = "sessions:"): Promise<PruneStep> {
    const [table, after = ""] = from.split(":");
    if (table === "sessions") {
      const { rows, next } = await this.#connection.prune(
        this.#sql.walk,
        this.#sql.deleteExpired,
        now,
        batch,
        after,
      );
      this.#tell(rows.map(([id]) => id as SessionId));
      return { expired: rows.map(toRecord), next: next === undefined ? "tombstones:" : `sessions:${next}` };
    }
    const { next } = await this.#connection.prune(
      this.#sql.walkEnded,
      this.#sql.deleteExpiredEnded,
      now,
      batch,
      after,
    );
    return { expired: [], next: next === undefined ? undefined : `tombstones:${next}` };
  }

  async countAlive(now: number, batch: number, from = ""): Promise<CountStep> {
    const [row] = this.#connection.rows(this.#sql.countAlive, now, from, batch);
    const [seen, last, alive] = row as unknown as [number, string | null, number];
    return { alive, next: seen < batch ? undefined : last! };
  }

  async time(): Promise<undefined> {
    this.#sql.ping.get();
  }

  /** Its indexes, journal, rights and room. */
  async diagnose(): Promise<readonly Finding[]> {
    return diagnoseSqlite(this.#connection.db);
  }

  /**
   * What others write to the file counts, by whatever program. On a connection that was passed in, what the application
   * itself writes to the tables is not noticed.
   */
  watch(listener: ChangeListener): ChangeWatch {
    this.#listeners.add(listener);
    return new DatabaseWatch(this.#connection, listener, () => this.#listeners.delete(listener));
  }

  /** Closes what the store opened: a connection that was passed in stays open. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** SQLite writes the indexes of every column that a statement names, whether its value changes or not. */
  #update(id: SessionId, change: SessionChange, now: number, condition: UpdateCondition): boolean {
    const statement = change.authentication ? this.#sql.reauthenticate : this.#sql.update;
    const { changes } = statement.run(updateValues(id, change, now, condition));
    if (changes === 1 && change.seen) this.#sql.follow.run(id);
    return changes === 1;
  }

  /** The rows are read after they are gone for good: even a damaged session can be ended. */
  async #end(
    remove: () => ReturnType<StatementSync["all"]>,
    reason: EndReason,
    now: number,
  ): Promise<SessionRecord[]> {
    const rows = await this.#connection.write(() => {
      const removed = remove().map(rowOf);
      for (const [id, , familyHash] of removed) this.#bury(id!, familyHash!, reason, now);
      return removed;
    });
    if (rows.length > 0) {
      this.#tell(rows.map(([id]) => id as SessionId));
      await this.#connection.flushed();
    }
    return rows.map(toRecord);
  }

  /** SQLite counts only the commits of others. */
  #tell(changed: readonly SessionId[]): void {
    for (const listener of this.#listeners) for (const id of changed) listener.changed(id);
  }

  #bury(id: SQLInputValue, familyHash: SQLInputValue, reason: EndReason, now: number): void {
    this.#sql.bury.run(id, familyHash, reason, now + tombstoneLifetime);
  }

  /** Only what the limit looks at: a sign-in must not read through all of a user's data. */
  #candidates(userId: string): Pick<SessionRecord, "id" | "createdAt" | "expiresAt">[] {
    return this.#connection.rows(this.#sql.candidates, userColumn(userId)).map((row) => {
      const [id, createdAt, expiresAt] = row as [SessionId, number, number];
      return { id, createdAt, expiresAt };
    });
  }

  /** In one statement: each of its own would take and leave the file's lock, which are system calls. */
  async #rowsOf(ids: readonly SessionId[]): Promise<(Row | undefined)[]> {
    const found = new Array<Row | undefined>(ids.length).fill(undefined);
    // By their places, which stand behind the columns: a map by their names would take as long as to judge them.
    for (const row of this.#connection.rows(this.#sql.find, JSON.stringify(ids))) {
      found[row[recordColumns.length] as number] = row;
    }
    return found;
  }

  #ended(id: SessionId): EndedSession | undefined {
    const ended = this.#sql.findEnded.get(id);
    return ended && toEnded(rowOf(ended));
  }

  #sessionsOf(userId: string): SessionRecord[] {
    return this.#connection.rows(this.#sql.findByUser, userColumn(userId)).map(toRecord);
  }
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(connection: Connection) {
  connection.db.function("coatcheck_merge_data", { deterministic: true, directOnly: true }, mergeColumn);
  const columns = recordColumns.join(", ");
  const prepare = (sql: string) => connection.prepare(sql);
  return {
    ping: prepare("SELECT version FROM coatcheck_schema"),
    known: prepare(`
      SELECT 1 FROM coatcheck_sessions WHERE id = :id
      UNION ALL SELECT 1 FROM coatcheck_ended_sessions WHERE id = :id`),
    insert: prepare(
      `INSERT INTO coatcheck_sessions (${columns}, active_at) VALUES (${recordColumns.map(() => "?").join(", ")}, ?)`,
    ),
    find: prepare(`
      SELECT ${recordColumns.map((column) => `session.${column}`).join(", ")}, asked.key
      FROM json_each(?) AS asked CROSS JOIN coatcheck_sessions AS session ON session.id = asked.value`),
    findEnded: prepare("SELECT id, family_hash, reason, until FROM coatcheck_ended_sessions WHERE id = ?"),
    candidates: prepare("SELECT id, created_at, expires_at FROM coatcheck_sessions WHERE user_id = ?"),
    findByUser: prepare(`SELECT ${columns} FROM coatcheck_sessions WHERE user_id = ?`),
    update: prepare(updateSql("")),
    reauthenticate: prepare(
      updateSql(`
        authenticated_at = :authenticatedAt,
        amr = :amr,
        client = :client,
        fingerprint = :fingerprint,`),
    ),
    follow: prepare(
      `UPDATE coatcheck_sessions SET active_at = last_seen_at
      WHERE id = ? AND active_at <= last_seen_at - ${activityPeriod}`,
    ),
    delete: prepare(`DELETE FROM coatcheck_sessions WHERE id = ? RETURNING ${columns}`),
    deleteByUser: prepare(
      `DELETE FROM coatcheck_sessions WHERE user_id = ? AND id <> ? RETURNING ${columns}`,
    ),
    bury: prepare(
      "INSERT INTO coatcheck_ended_sessions (id, family_hash, reason, until) VALUES (?, ?, ?, ?)",
    ),
    walk: prepare("SELECT id, expires_at FROM coatcheck_sessions WHERE id > ? ORDER BY id LIMIT ?"),
    deleteExpired: prepare(
      `DELETE FROM coatcheck_sessions WHERE id > ? AND id <= ? AND expires_at <= ? RETURNING ${columns}`,
    ),
    countAlive: prepare(`
      SELECT count(*), max(id), coalesce(sum(expires_at > ?), 0)
      FROM (SELECT id, expires_at FROM coatcheck_sessions WHERE id > ? ORDER BY id LIMIT ?)`),
    walkEnded: prepare("SELECT id, until FROM coatcheck_ended_sessions WHERE id > ? ORDER BY id LIMIT ?"),
    deleteExpiredEnded: prepare(
      "DELETE FROM coatcheck_ended_sessions WHERE id > ? AND id <= ? AND until <= ? RETURNING id",
    ),
  };
}

/** A parameter that is null leaves its column as it is. */
function updateSql(authentication: string): string {
  return `
      UPDATE coatcheck_sessions SET
        last_seen_at = max(last_seen_at, coalesce(:lastSeenAt, last_seen_at)),
        expires_at = max(expires_at, coalesce(:expiresAt, expires_at)),
        secret_hash = coalesce(:secretHash, secret_hash),
        secret_issued_at = coalesce(:secretIssuedAt, secret_issued_at),
        pending = iif(:secretHash IS NULL, pending, :pending),
        superseded = coalesce(:superseded, superseded),
        secret_revision = secret_revision + (:secretHash IS NOT NULL),${authentication}
        data = iif(:data IS NULL, data, coatcheck_merge_data(data, :data)),
        data_revision = data_revision + (:data IS NOT NULL),
        data_version = coalesce(:dataVersion, data_version)
      WHERE id = :id AND expires_at > :now
        AND secret_revision = coalesce(:ifSecretRevision, secret_revision)
        AND data_revision = coalesce(:ifDataRevision, data_revision)`;
}

/** The values for `updateSql`. */
function updateValues(
  id: SessionId,
  { seen, secret, authentication, data, dataVersion }: SessionChange,
  now: number,
  condition: UpdateCondition,
): Record<string, SQLInputValue> {
  return {
    id,
    now,
    lastSeenAt: seen?.lastSeenAt ?? null,
    expiresAt: seen?.expiresAt ?? null,
    secretHash: secret?.secretHash ?? null,
    secretIssuedAt: secret?.secretIssuedAt ?? null,
    pending: pendingColumn(secret?.pending),
    superseded: secret ? JSON.stringify(secret.superseded) : null,
    ...(authentication && {
      authenticatedAt: authentication.authenticatedAt,
      amr: JSON.stringify(authentication.amr),
      client: JSON.stringify(authentication.client),
      fingerprint: authentication.fingerprint ?? null,
    }),
    data: data ? dataChangeColumn(data) : null,
    dataVersion: dataVersion ?? null,
    ifSecretRevision: condition.secretRevision ?? null,
    ifDataRevision: condition.dataRevision ?? null,
  };
}
