/** Sessions in PostgreSQL, by a pool of `pg`. */
import type { AuditStore } from "../audit/audit-store.ts";
import { keepsTime } from "../core/asked-store.ts";
import type { ChangeListener, ChangeWatch } from "../core/change-watch.ts";
import type { Finding } from "../core/finding.ts";
import { Gathered } from "../core/gathered.ts";
import type { RememberStore } from "../core/remember-store.ts";
import type { ProjectedDirectory, SessionDirectory } from "../core/session-directory.ts";
import {
  type CountStep,
  type Ended,
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
import { PostgresAuditStore } from "./postgres/audit.ts";
import { Database } from "./postgres/database.ts";
import { diagnosePostgres } from "./postgres/diagnosis.ts";
import { PostgresProjectedDirectory, PostgresSessionDirectory } from "./postgres/directory.ts";
import type { PostgresPool } from "./postgres/pool.ts";
import { PostgresRememberStore } from "./postgres/remember.ts";
import {
  dataChangeColumns,
  escaped,
  pendingColumn,
  type Row,
  toEnded,
  toRecord,
  toRow,
  type Value,
} from "./postgres/row.ts";
import { migrate, type PostgresSchemaOptions, schemaVersion } from "./postgres/schema.ts";
import { type Statements, statements } from "./postgres/statements.ts";
import { PostgresThrottleStore } from "./postgres/throttle.ts";
import { assertRoomToListen, PostgresWatch } from "./postgres/watch.ts";

export type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from "./postgres/pool.ts";
export {
  type PostgresMigrationOptions,
  type PostgresSchemaOptions,
  postgresMigration,
} from "./postgres/schema.ts";

/** How a `PostgresSessionStore` works. */
export interface PostgresSessionStoreOptions extends PostgresSchemaOptions {
  /**
   * How long one operation may take, in milliseconds. Default 2000. A connection that has not answered by then is
   * ended; waiting for one to be free counts too.
   */
  readonly timeout?: number;
}

/**
 * Keeps sessions in PostgreSQL 13 or later. Any number of nodes may share them.
 *
 * The pool is the application's: it makes it, may use it for its own queries, and ends it. Give it a
 * `connectionTimeoutMillis`: by default `pg` waits for ever for a server that is gone. `migrate` makes the tables.
 * A pooler between the two may be in transaction mode.
 *
 * What the methods have answered is as durable as the server's `synchronous_commit` makes it. The finds of one turn of
 * the event loop are one statement, and so are the touches.
 */
export class PostgresSessionStore implements SessionStore {
  readonly timeout: number;
  /** Failed attempts, in the same place. */
  readonly throttle: ThrottleStore;
  /** What happened, in the same database. */
  readonly audit: AuditStore;
  /** Browsers that may come back without a password, in the same database. */
  readonly remember: RememberStore;
  /** Where these sessions are searched. Never late. */
  readonly directory: SessionDirectory;
  /** Where sessions that live elsewhere are searched, as far as somebody notes them. */
  readonly projection: ProjectedDirectory;
  readonly #pool: PostgresPool;
  readonly #schema: string | undefined;
  readonly #database: Database;
  readonly #sql: Statements;
  readonly #touches = new Gathered(
    (uses: readonly Use[]) => this.#touchAll(uses),
    (touched) => touched,
  );
  readonly #finds = new Gathered(
    (ids: readonly SessionId[]) => this.#rowsOf(ids),
    foundIn,
    () => this.timeout,
  );

  static {
    keepsTime(PostgresSessionStore.prototype.find);
  }

  /** @throws TypeError if `pool` is none, or an option makes no sense. */
  constructor(pool: PostgresPool, options: PostgresSessionStoreOptions = {}) {
    if (typeof pool?.connect !== "function") {
      throw new TypeError("PostgresSessionStore needs a pool of pg: new PostgresSessionStore(new Pool())");
    }
    const { timeout = 2_000, schema } = options;
    // More milliseconds than these are none to the timers of Node.
    if (!Number.isInteger(timeout) || timeout < 1 || timeout > 2 ** 31 - 1) {
      throw new TypeError("timeout must be a whole number of milliseconds from 1 on");
    }
    this.timeout = timeout;
    this.#pool = pool;
    this.#schema = schema;
    this.#database = new Database(pool, timeout);
    this.#sql = statements(schema);
    this.throttle = new PostgresThrottleStore(this.#database, schema);
    this.audit = new PostgresAuditStore(this.#database, schema);
    this.remember = new PostgresRememberStore(this.#database, schema);
    this.directory = new PostgresSessionDirectory(this.#database, schema);
    this.projection = new PostgresProjectedDirectory(this.#database, schema);
  }

  /**
   * Makes the tables, or brings them to the version of this release. To be awaited when the application starts; nodes
   * that start at once wait for each other. Needs the right to create tables; people who run their own migrations run
   * what `postgresMigration` gives instead.
   * @throws Error if a later release has changed the tables already.
   */
  async migrate(): Promise<void> {
    await migrate(this.#database, this.#schema);
  }

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    const values = [...toRow(record), ...limitValues(limit, now)];
    const rows = await this.#database.queryAlone(lockOf(record.userId), this.#sql.insert, values);
    const [outcome] = rows[0]!;
    if (outcome !== "inserted") return { inserted: false, because: outcome as "duplicate" | "limit" };
    return { inserted: true, ended: rows.flatMap(([, reason, ...gone]) => toEndedNow(reason, gone)) };
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
    const use = useOf(id, change, now, condition);
    const touched = use && (await this.#touches.ask(use));
    if (touched !== undefined) return touched;
    const updated = await this.#database.query(this.#sql.update, updateValues(id, change, now, condition));
    return updated.length === 1;
  }

  async delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    const rows = await this.#database.query(this.#sql.delete, [id, reason, now + tombstoneLifetime]);
    return records(rows)[0];
  }

  async findByUser(userId: string): Promise<readonly SessionRecord[]> {
    const rows = await this.#database.query(this.#sql.findByUser, [escaped(userId)]);
    return records(rows);
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    const values = [escaped(userId), reason, now + tombstoneLifetime, except ?? null];
    const rows = await this.#database.queryAlone(lockOf(userId), this.#sql.deleteByUser, values);
    return records(rows);
  }

  async deleteExpired(now: number, batch: number, from = "sessions:"): Promise<PruneStep> {
    const [table, after = ""] = from.split(":");
    if (table === "sessions") {
      const { rows, next } = await this.#database.prune(this.#sql.deleteExpired, now, batch, after);
      return { expired: records(rows), next: next === undefined ? "tombstones:" : `sessions:${next}` };
    }
    const { next } = await this.#database.prune(this.#sql.deleteExpiredEnded, now, batch, after);
    return { expired: [], next: next === undefined ? undefined : `tombstones:${next}` };
  }

  async countAlive(now: number, batch: number, from = ""): Promise<CountStep> {
    const [row] = await this.#database.query(this.#sql.countAlive, [from, batch, now]);
    const [seen, last, alive] = row!;
    return { alive: Number(alive), next: Number(seen) < batch ? undefined : last! };
  }

  async time(): Promise<number> {
    const [row] = await this.#database.query(this.#sql.time, []);
    const [version, time] = (row ?? ["0", "0"]).map(Number) as [number, number];
    if (version < schemaVersion) throw olderSchema(version);
    return time;
  }

  /** The version of the tables, their indexes by EXPLAIN, and whether answers are durable. */
  diagnose(): Promise<readonly Finding[]> {
    return diagnosePostgres(this.#database, this.#schema);
  }

  /**
   * Triggers tell of every change, by whomever. Keeps one connection of the pool until the watch is closed, which must
   * not lead through a pooler in transaction mode.
   * @throws TypeError if the pool has no more than one.
   */
  watch(listener: ChangeListener): ChangeWatch {
    assertRoomToListen(this.#pool);
    return new PostgresWatch(this.#pool, this.#database, this.#schema, listener);
  }

  /** Undefined for those that are not there, or that somebody else is changing. */
  async #touchAll(uses: readonly Use[]): Promise<readonly (boolean | undefined)[]> {
    // One alone is as well off without.
    if (uses.length === 1) return [undefined];
    const lists = (["id", "lastSeenAt", "expiresAt", "now"] as const).map((name) =>
      uses.map((use) => String(use[name])),
    );
    const rows = await this.#database.query(this.#sql.touch, lists);
    const touched = new Map(rows.map(([id, isTouched]) => [id, isTouched === "t"]));
    return uses.map(({ id }) => touched.get(id));
  }

  async #rowsOf(ids: readonly SessionId[]): Promise<(Row | undefined)[]> {
    const rows = await this.#database.query(this.#sql.find, [JSON.stringify(ids)]);
    // In the order in which they were asked for: a map by their names would take as long as to judge them.
    let next = 0;
    const found = ids.map((id) => (rows[next]?.[0] === id ? rows[next++] : undefined));
    // Who is passed over would be signed out.
    if (next < rows.length) throw new Error("PostgreSQL answered about a session that was not asked for");
    return found;
  }
}

/** A touch that waits for others. */
interface Use {
  readonly id: SessionId;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly now: number;
}

/** Undefined if more is changed, or on a condition. */
function useOf(
  id: SessionId,
  change: SessionChange,
  now: number,
  condition: UpdateCondition,
): Use | undefined {
  const { seen, ...others } = change;
  const isTouch = seen && Object.keys(others).length === 0 && Object.keys(condition).length === 0;
  return isTouch ? { id, ...seen, now } : undefined;
}

/** Who adds or ends several sessions of a user waits for the others who do. */
function lockOf(userId: string): string {
  return `coatcheck sessions of ${escaped(userId)}`;
}

/** The values for `insert` after those of the record. */
function limitValues(limit: SessionLimit | undefined, now: number): Value[] {
  const { maximum = Number.POSITIVE_INFINITY, exceeded, replacing = null } = limit ?? {};
  return [
    now,
    limit ? "true" : "false",
    maximum === Number.POSITIVE_INFINITY ? null : maximum,
    replacing,
    exceeded === "refuse" ? "true" : "false",
    now + tombstoneLifetime,
  ];
}

/** By its own id: what was asked for may be cut from a request's header, which caches would keep alive with it. */
function foundIn(row: Row | undefined): SessionRecord | EndedSession | undefined {
  if (!row) return undefined;
  const [id, text] = row as [string, string];
  return text.startsWith("[") ? toRecord(id, text) : toEnded(id, text);
}

function records(rows: readonly Row[]): SessionRecord[] {
  return rows.map(([id, record]) => toRecord(id!, record!));
}

function toEndedNow(reason: string | null | undefined, [id, record]: Row): Ended[] {
  return reason == null ? [] : [{ record: toRecord(id!, record!), reason: reason as EndReason }];
}

/** The values for `update`, in the order of its numbers; null leaves a column as it is. */
function updateValues(
  id: SessionId,
  { seen, secret, authentication, data, dataVersion }: SessionChange,
  now: number,
  condition: UpdateCondition,
): Value[] {
  const [set, removed] = data ? dataChangeColumns(data) : [null, null];
  return [
    id,
    now,
    seen?.lastSeenAt ?? null,
    seen?.expiresAt ?? null,
    secret?.secretHash ?? null,
    secret?.secretIssuedAt ?? null,
    pendingColumn(secret?.pending),
    secret ? JSON.stringify(secret.superseded) : null,
    authentication?.authenticatedAt ?? null,
    authentication ? JSON.stringify(authentication.amr) : null,
    authentication ? JSON.stringify(authentication.client) : null,
    authentication?.fingerprint ?? null,
    set,
    removed,
    dataVersion ?? null,
    condition.secretRevision ?? null,
    condition.dataRevision ?? null,
  ];
}

function olderSchema(version: number): Error {
  return new Error(
    `The coatcheck tables have version ${version}, this release works with ${schemaVersion}: await store.migrate(), or run what postgresMigration({ from: ${version} }) prints`,
  );
}
