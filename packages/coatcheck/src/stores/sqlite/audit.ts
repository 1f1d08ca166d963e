/** Audit records in the SQLite database of the sessions. */
import type { SQLInputValue, StatementSync } from "node:sqlite";
import {
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  pageOf,
  positionOf,
} from "../../audit/audit-record.ts";
import {
  type AuditChainPart,
  type AuditPruneStep,
  type AuditSeal,
  type AuditStore,
  genesis,
  type SealStep,
} from "../../audit/audit-store.ts";
import { sealAfter } from "../../audit/chain.ts";
import { type AuditRow, partText, readRecord, type TextColumn } from "../../audit/stored-audit.ts";
import type { Connection, Row } from "./connection.ts";
import { userColumn as textColumn, userIdOf as textOf } from "./row.ts";

const columns = "id, at, event, user_id, session_id, client, reason, correlation_id, details";

const texts: TextColumn = { write: textColumn, read: textOf };

export class SqliteAuditStore implements AuditStore {
  readonly #connection: Connection;
  readonly #sql: Statements;
  readonly #queries = new Map<string, StatementSync>();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepareStatements(connection);
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    await this.#connection.write(() => {
      for (const record of records) this.#sql.append.run(...toRow(record));
    });
    await this.#connection.flushed();
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    const { sql, values } = auditQuery(query);
    let statement = this.#queries.get(sql);
    if (!statement) {
      statement = prepareExact(this.#connection, sql);
      this.#queries.set(sql, statement);
    }
    return pageOf(this.#connection.rows(statement, ...values).map(toRecord), query.limit);
  }

  async seal(batch: number): Promise<SealStep> {
    // Asked without the lock first: nobody waits for it while there is nothing to seal.
    if (!this.#sql.anyUnsealed.get()) return { sealed: 0, head: this.#ends().head };
    const step = await this.#connection.write(() => this.#sealNext(batch));
    await this.#connection.flushed();
    return step;
  }

  async chain(position: number, limit: number): Promise<AuditChainPart> {
    const [first, ...rows] = this.#connection.rows(this.#sql.chain, position, limit);
    const records = rows.map(([place, hash, ...row]) => ({
      record: toRecord(row),
      position: Number(place),
      // Taken away by somebody: it fits nothing then.
      hash: (hash as string | null) ?? "",
    }));
    return { ...toEnds(first), records };
  }

  async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
    const { start } = this.#ends();
    // Asked without the lock first, as above.
    if (this.#leaving(start, before, 1).length === 0) return { removed: 0, start };
    const step = await this.#connection.write(() => this.#removeOldest(before, batch));
    await this.#connection.flushed();
    return step;
  }

  #sealNext(batch: number): SealStep {
    const unsealed = this.#connection.rows(this.#sql.unsealed, batch);
    let { head } = this.#ends();
    for (const row of unsealed) {
      const [id, at] = row as unknown as AuditRow;
      head = sealAfter(head, toRecord(row));
      this.#sql.seal.run(head.position, head.hash, at, id);
    }
    const { changes } = this.#sql.moveHead.run(head.position, head.hash);
    if (Number(changes) !== 1)
      throw new Error("The row of coatcheck_audit_chain is gone: the audit was tampered with");
    return { sealed: unsealed.length, head };
  }

  /** The start is moved first: nothing behind it can be deleted. */
  #removeOldest(before: number, batch: number): AuditPruneStep {
    const { start } = this.#ends();
    const last = this.#leaving(start, before, batch).at(-1);
    if (!last) return { removed: 0, start };
    const [, position, hash] = last as unknown as [at: bigint, position: bigint, hash: string];
    this.#sql.moveStart.run(position, hash);
    const { changes } = this.#sql.deleteUpTo.run(position);
    return { removed: Number(changes), start: { position: Number(position), hash } };
  }

  /** Those at the beginning whose next one is older than `before` too, and so are they. */
  #leaving(start: AuditSeal, before: number, batch: number): Row[] {
    const rows = this.#connection.rows(this.#sql.oldest, start.position, batch + 1);
    const young = rows.findIndex(([at]) => Number(at) >= before);
    return rows.slice(0, Math.max(0, (young === -1 ? rows.length : young) - 1));
  }

  #ends(): { readonly start: AuditSeal; readonly head: AuditSeal } {
    return toEnds(this.#connection.rows(this.#sql.ends)[0]);
  }
}

type Statements = ReturnType<typeof prepareStatements>;

const ends = "start_position, start_hash, head_position, head_hash";

/** Under names of their own: rows that are objects have each name once. */
const fillers = Array.from({ length: 7 }, (_, index) => `NULL AS filler_${index}`).join(", ");

function prepareStatements(connection: Connection) {
  const prepare = (sql: string) => prepareExact(connection, sql);
  return {
    append: prepare(
      `INSERT INTO coatcheck_audit (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (at, id) DO NOTHING`,
    ),
    anyUnsealed: prepare("SELECT 1 FROM coatcheck_audit WHERE position IS NULL LIMIT 1"),
    unsealed: prepare(
      `SELECT ${columns} FROM coatcheck_audit WHERE position IS NULL ORDER BY at, id LIMIT ?`,
    ),
    seal: prepare("UPDATE coatcheck_audit SET position = ?, hash = ? WHERE at = ? AND id = ?"),
    ends: prepare(`SELECT ${ends} FROM coatcheck_audit_chain`),
    moveHead: prepare("UPDATE coatcheck_audit_chain SET head_position = ?, head_hash = ?"),
    moveStart: prepare("UPDATE coatcheck_audit_chain SET start_position = ?, start_hash = ?"),
    /** The ends come first, in a row of their own: they are of the same moment. Noted twice, they are noted nowhere. */
    chain: prepare(`
      SELECT ${ends}, ${fillers} FROM (SELECT 1)
      LEFT JOIN coatcheck_audit_chain ON (SELECT count(*) FROM coatcheck_audit_chain) = 1
      UNION ALL
      SELECT * FROM (
        SELECT position, hash, ${columns} FROM coatcheck_audit WHERE position > ? ORDER BY position LIMIT ?
      )`),
    oldest: prepare(
      "SELECT at, position, hash FROM coatcheck_audit WHERE position > ? ORDER BY position LIMIT ?",
    ),
    deleteUpTo: prepare("DELETE FROM coatcheck_audit WHERE position <= ?"),
  };
}

/** Reading an integer that no number can hold would throw, and nobody but somebody else has written one. */
function prepareExact(connection: Connection, sql: string): StatementSync {
  const statement = connection.prepare(sql);
  statement.setReadBigInts(true);
  return statement;
}

/**
 * A page, and one record more to know whether there is another. The `+` keeps SQLite from walking along the records of
 * a user or an event where it could walk along those of one session, which are fewer. It has to be told of the index by
 * user and event: in a span of time it takes the shorter one, and looks through all that the user has had.
 */
export function auditQuery(query: AuditQuery): { readonly sql: string; readonly values: SQLInputValue[] } {
  const { userId, event, sessionId, from, to, limit } = query;
  const after = positionOf(query);
  const conditions: [condition: string, ...values: SQLInputValue[]][] = [];
  if (sessionId !== undefined) conditions.push(["session_id = ?", textColumn(sessionId)]);
  if (userId !== undefined) {
    conditions.push([`${sessionId === undefined ? "" : "+"}user_id = ?`, textColumn(userId)]);
  }
  if (event !== undefined) {
    conditions.push([`${sessionId === undefined ? "" : "+"}event = ?`, textColumn(event)]);
  }
  if (from !== undefined) conditions.push(["at >= ?", from]);
  if (to !== undefined) conditions.push(["at < ?", to]);
  if (after) conditions.push(["(at, id) < (?, ?)", after.at, after.id]);
  const isOfUser = sessionId === undefined && userId !== undefined && event !== undefined;
  const index = isOfUser ? "INDEXED BY coatcheck_audit_by_user_event" : "";
  const where = conditions.map(([condition]) => condition).join(" AND ") || "true";
  return {
    sql: `SELECT ${columns} FROM coatcheck_audit ${index} WHERE ${where} ORDER BY at DESC, id DESC LIMIT ?`,
    values: [...conditions.flatMap(([, ...values]) => values), limit + 1],
  };
}

function toRow(record: AuditRecord): AuditRow {
  return [
    record.id,
    record.at,
    textColumn(record.event),
    optional(record.userId),
    optional(record.sessionId),
    partText(record.client),
    optional(record.reason),
    optional(record.correlationId),
    partText(record.details),
  ];
}

function toRecord(row: Row): AuditRecord {
  return readRecord(row as unknown as AuditRow, texts);
}

function optional(text: string | undefined): string | null {
  return text === undefined ? null : textColumn(text);
}

/** Without the row that notes them, the chain has no place for any record. */
function toEnds(row: Row | undefined): { readonly start: AuditSeal; readonly head: AuditSeal } {
  const [startPosition, startHash, headPosition, headHash] = row ?? [];
  return { start: toSeal(startPosition, startHash), head: toSeal(headPosition, headHash) };
}

function toSeal(position: Row[number] | undefined, hash: Row[number] | undefined): AuditSeal {
  return position == null || typeof hash !== "string" ? genesis : { position: Number(position), hash };
}
