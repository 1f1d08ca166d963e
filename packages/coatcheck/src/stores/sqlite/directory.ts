/** Searching the sessions in SQLite, and those that live elsewhere. */
import type { StatementSync } from "node:sqlite";
import { DirectoryRows, few, pageOf, pageOrFirst, walkOf } from "../../core/directory-page.ts";
import {
  activityPeriod,
  type ListedSession,
  type ProjectedDirectory,
  type ProjectionPruneStep,
  type SessionDirectory,
  type SessionPage,
  type SessionQuery,
} from "../../core/session-directory.ts";
import type { SessionId } from "../../core/token.ts";
import type { Connection, Row } from "./connection.ts";
import {
  countOf,
  type DirectoryStatement,
  endOf,
  gathered,
  type Selection,
  selectionOf,
  walked,
} from "./directory-queries.ts";
import { userColumn, userIdOf } from "./row.ts";

export class SqliteSessionDirectory implements SessionDirectory {
  protected readonly connection: Connection;
  readonly #table: string;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(connection: Connection, table = "coatcheck_sessions") {
    this.connection = connection;
    this.#table = table;
  }

  query(query: SessionQuery, now: number): Promise<SessionPage> {
    return pageOrFirst(query, async (asked) => this.#page(asked, now));
  }

  #page(query: SessionQuery, now: number): SessionPage {
    const walk = walkOf(query);
    const selection = selectionOf(query);
    if (selection && this.#isFew(selection)) {
      const rows = this.#rows(gathered(this.#table, selection, query, walk, now));
      return pageOf(
        rows.map((row) => directoryRows.placed(row, walk.sort)),
        query,
        walk,
        undefined,
      );
    }
    const [end] = this.#rows(endOf(this.#table, query, walk)).map((row) =>
      directoryRows.place(row, walk.sort),
    );
    const rows = this.#rows(walked(this.#table, query, walk, end, now));
    return pageOf(
      rows.map((row) => directoryRows.placed(row, walk.sort)),
      query,
      walk,
      end,
    );
  }

  #isFew(selection: Selection): boolean {
    const [[count] = []] = this.#rows(countOf(this.#table, selection));
    return Number(count) <= few;
  }

  #rows({ sql, values }: DirectoryStatement): Row[] {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.connection.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return this.connection.rows(statement, ...values);
  }
}

/** In a table of its own. Nobody waits for the disk: what a power cut takes is noted again. */
export class SqliteProjectedDirectory extends SqliteSessionDirectory implements ProjectedDirectory {
  readonly #sql: Statements;

  constructor(connection: Connection) {
    super(connection, table);
    this.#sql = prepareStatements(connection);
  }

  async note(sessions: readonly ListedSession[]): Promise<void> {
    await this.connection.write(() => {
      for (const session of sessions) this.#note(session);
    });
  }

  async forget(ids: readonly SessionId[]): Promise<void> {
    await this.connection.write(() => {
      for (const id of ids) this.#sql.forget.run(id);
    });
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<ProjectionPruneStep> {
    const { walk, deleteExpired } = this.#sql;
    const { rows, next } = await this.connection.prune(walk, deleteExpired, now, batch, from);
    return { removed: rows.length, next };
  }

  /** Most are known, and were used since: that writes no index. */
  #note(session: ListedSession): void {
    const { id, userId, lastSeenAt, expiresAt, createdAt, authenticatedAt } = session;
    const client = JSON.stringify(session.client);
    const { changes } = this.#sql.use.run(lastSeenAt, expiresAt, id, client, authenticatedAt);
    if (changes === 1) this.#sql.follow.run(id);
    else {
      const amr = JSON.stringify(session.amr);
      const values = [id, userColumn(userId), client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt];
      this.#sql.note.run(...values, lastSeenAt);
    }
  }
}

const directoryRows = new DirectoryRows(userIdOf);

const table = "coatcheck_projected_sessions";

type Statements = Readonly<
  Record<"use" | "note" | "follow" | "forget" | "walk" | "deleteExpired", StatementSync>
>;

function prepareStatements(connection: Connection): Statements {
  const prepare = (sql: string) => connection.prepare(sql);
  return {
    use: prepare(`
      UPDATE ${table} SET last_seen_at = max(last_seen_at, ?), expires_at = max(expires_at, ?)
      WHERE id = ? AND client = ? AND authenticated_at = ?`),
    note: prepare(`
      INSERT OR REPLACE INTO ${table}
        (id, user_id, client, amr, created_at, authenticated_at, last_seen_at, expires_at, active_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    follow: prepare(`
      UPDATE ${table} SET active_at = last_seen_at
      WHERE id = ? AND active_at <= last_seen_at - ${activityPeriod}`),
    forget: prepare(`DELETE FROM ${table} WHERE id = ?`),
    walk: prepare(`SELECT id, expires_at FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`),
    deleteExpired: prepare(`DELETE FROM ${table} WHERE id > ? AND id <= ? AND expires_at <= ? RETURNING id`),
  };
}
