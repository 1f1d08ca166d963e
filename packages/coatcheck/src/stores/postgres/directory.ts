/** Searching the sessions in PostgreSQL, and those that live elsewhere. */
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
import type { Database } from "./database.ts";
import { type Asked, countOf, gathered, isSelective, walked } from "./directory-statements.ts";
import { prefix } from "./name.ts";
import { escaped, type Row, unescaped } from "./row.ts";
import { named, prune, type Statement } from "./statements.ts";

export class PostgresSessionDirectory implements SessionDirectory {
  protected readonly database: Database;
  readonly #table: string;

  constructor(database: Database, schema: string | undefined, table = "coatcheck_sessions") {
    this.database = database;
    this.#table = `${prefix(schema)}${table}`;
  }

  query(query: SessionQuery, now: number): Promise<SessionPage> {
    return pageOrFirst(query, (asked) => this.#page(asked, now));
  }

  async #page(query: SessionQuery, now: number): Promise<SessionPage> {
    const walk = walkOf(query);
    const isGathered = isSelective(query) && (await this.#isFew(query));
    const asked = isGathered ? gathered : walked;
    const rows = await this.#rows(asked(this.#table, query, walk, now));
    const [[lastKey = null, lastId = null] = []] = rows;
    const end = lastId === null ? undefined : directoryRows.place([lastKey, lastId], walk.sort);
    const found = rows.map((row) => row.slice(2)).filter(([id]) => id !== null);
    return pageOf(
      found.map((row) => directoryRows.placed(row, walk.sort)),
      query,
      walk,
      end,
    );
  }

  async #isFew(query: SessionQuery): Promise<boolean> {
    const [row] = await this.#rows(countOf(this.#table, query));
    return Number(row![0]) <= few;
  }

  #rows({ statement, values }: Asked): Promise<readonly Row[]> {
    return this.database.query(statement, values);
  }
}

/** In a table of its own. */
export class PostgresProjectedDirectory extends PostgresSessionDirectory implements ProjectedDirectory {
  readonly #sql: Statements;

  constructor(database: Database, schema: string | undefined) {
    super(database, schema, table);
    this.#sql = statements(schema);
  }

  async note(sessions: readonly ListedSession[]): Promise<void> {
    if (sessions.length === 0) return;
    await this.database.query(this.#sql.note, [JSON.stringify(sessions.map(toRow))]);
  }

  async forget(ids: readonly SessionId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database.query(this.#sql.forget, [ids]);
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<ProjectionPruneStep> {
    const { rows, next } = await this.database.prune(this.#sql.deleteExpired, now, batch, from);
    return { removed: rows.length, next };
  }
}

const directoryRows = new DirectoryRows(unescaped);

const table = "coatcheck_projected_sessions";

type Statements = Readonly<Record<"note" | "forget" | "deleteExpired", Statement>>;

function statements(schema: string | undefined): Statements {
  const sessions = `${prefix(schema)}${table}`;
  const columns = {
    id: "text",
    user_id: "text",
    client: "text",
    amr: "text",
    created_at: "bigint",
    authenticated_at: "bigint",
    last_seen_at: "bigint",
    expires_at: "bigint",
  };
  const names = Object.keys(columns).join(", ");
  const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  const { note, forget, deleteExpired } = named({
    /**
     * Those that are known and were used since are HOT updates. Many who note at once take the rows in the same order,
     * and so wait for each other and not in a circle.
     */
    note: `
      INSERT INTO ${sessions} AS known (${names}, active_at)
      SELECT ${names}, last_seen_at FROM json_to_recordset($1::json) AS session (${typed.join(", ")}) ORDER BY id
      ON CONFLICT (id) DO UPDATE SET
        user_id = excluded.user_id,
        client = excluded.client,
        amr = excluded.amr,
        created_at = excluded.created_at,
        authenticated_at = excluded.authenticated_at,
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
        expires_at = greatest(known.expires_at, excluded.expires_at),
        active_at = CASE
          WHEN excluded.last_seen_at - known.active_at >= ${activityPeriod} THEN excluded.last_seen_at
          ELSE known.active_at
        END`,
    forget: `
      WITH leaving AS MATERIALIZED (
        SELECT id FROM ${sessions} WHERE id = ANY ($1::text[]) ORDER BY id FOR UPDATE
      )
      DELETE FROM ${sessions} WHERE id IN (SELECT id FROM leaving)`,
    deleteExpired: prune(sessions, "expires_at"),
  });
  return { note, forget, deleteExpired };
}

function toRow(session: ListedSession): Readonly<Record<string, string | number>> {
  return {
    id: session.id,
    user_id: escaped(session.userId),
    client: JSON.stringify(session.client),
    amr: JSON.stringify(session.amr),
    created_at: session.createdAt,
    authenticated_at: session.authenticatedAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
  };
}
