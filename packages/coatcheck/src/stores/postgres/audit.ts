/** Audit records in the PostgreSQL database of the sessions. */
import { type AuditPage, type AuditQuery, type AuditRecord, pageOf } from "../../audit/audit-record.ts";
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
import { type AuditStatements, auditStatements } from "./audit-statements.ts";
import type { Database } from "./database.ts";
import { escaped, type Row, unescaped } from "./row.ts";

/** Who moves an end of the chain waits for the others who do. */
const lock = "coatcheck audit chain";

const texts: TextColumn = { write: escaped, read: unescaped };

/** The first place that a row could have. */
const firstPlace = "-9223372036854775808";

export class PostgresAuditStore implements AuditStore {
  readonly #database: Database;
  readonly #lock: string;
  readonly #sql: AuditStatements;

  constructor(database: Database, schema: string | undefined) {
    this.#database = database;
    this.#lock = schema === undefined ? lock : `${lock} of ${schema}`;
    this.#sql = auditStatements(schema);
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    await this.#database.query(this.#sql.append, [JSON.stringify(records.map(toRow))]);
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    const { statement, values } = this.#sql.query(query);
    const rows = await this.#database.query(statement, values);
    return pageOf(rows.map(toRecord), query.limit);
  }

  async seal(batch: number): Promise<SealStep> {
    const [answer] = await this.#database.query(this.#sql.anyUnsealed, []);
    const [any, ...ends] = answer!;
    if (any !== "t") return { sealed: 0, head: toEnds(ends).head };
    return this.#database.transaction(this.#lock, async (execute) => {
      const rows = await execute(this.#sql.unsealed, [batch]);
      if (!rows[0]) throw new Error("The row of coatcheck_audit_chain is gone: the audit was tampered with");
      let { head } = toEnds(rows[0]);
      const unsealed = rows.map((row) => row.slice(4)).filter(([id]) => id !== null);
      const seals = unsealed.map((row) => {
        const [id, at] = row;
        head = sealAfter(head, toRecord(row));
        return { at, id, ...head };
      });
      if (seals.length > 0) await execute(this.#sql.seal, [JSON.stringify(seals), head.position, head.hash]);
      return { sealed: seals.length, head };
    });
  }

  async chain(position: number, limit: number): Promise<AuditChainPart> {
    const from = position === Number.NEGATIVE_INFINITY ? firstPlace : position + 1;
    const rows = await this.#database.query(this.#sql.chain, [from, limit]);
    const sealed = rows.map((row) => row.slice(4)).filter(([place]) => place !== null);
    const records = sealed.map(([place, hash, ...row]) => ({
      record: toRecord(row),
      position: Number(place),
      hash: hash ?? "",
    }));
    return { ...toEnds(rows[0]!), records };
  }

  async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
    const oldest = await this.#database.query(this.#sql.oldest, []);
    const { start } = toEnds(oldest[0]!);
    const isOld = ([, , , , at]: Row) => at != null && Number(at) < before;
    if (oldest.length < 2 || !oldest.every(isOld)) return { removed: 0, start };
    const values = [before, batch, Number.MAX_SAFE_INTEGER];
    const removed = await this.#database.queryAlone(this.#lock, this.#sql.deleteOlder, values);
    const last = removed.at(-1);
    return { removed: removed.length, start: last ? toSeal(last[0], last[1]) : start };
  }
}

function toRow(record: AuditRecord): Readonly<Record<string, string | number | null>> {
  return {
    id: record.id,
    at: record.at,
    event: escaped(record.event),
    user_id: optional(record.userId),
    session_id: optional(record.sessionId),
    client: partText(record.client),
    reason: optional(record.reason),
    correlation_id: optional(record.correlationId),
    details: partText(record.details),
  };
}

function toRecord(row: Row): AuditRecord {
  return readRecord(row as unknown as AuditRow, texts);
}

function optional(text: string | undefined): string | null {
  return text === undefined ? null : escaped(text);
}

/** Without the row that notes them, the chain has no place for any record. */
function toEnds(row: Row): { readonly start: AuditSeal; readonly head: AuditSeal } {
  const [startPosition, startHash, headPosition, headHash] = row;
  return { start: toSeal(startPosition, startHash), head: toSeal(headPosition, headHash) };
}

function toSeal(position: string | null | undefined, hash: string | null | undefined): AuditSeal {
  return position == null || hash == null ? genesis : { position: Number(position), hash };
}
