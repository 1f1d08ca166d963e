/** What the audit asks of PostgreSQL. */
import { type AuditQuery, positionOf } from "../../audit/audit-record.ts";
import { prefix } from "./name.ts";
import { escaped, type Value } from "./row.ts";
import { type Statement, statement } from "./statements.ts";

const columnTypes = {
  id: "text",
  at: "bigint",
  event: "text",
  user_id: "text",
  session_id: "text",
  client: "text",
  reason: "text",
  correlation_id: "text",
  details: "text",
};

const columns = Object.keys(columnTypes).join(", ");
const ends = "start_position, start_hash, head_position, head_hash";

export interface AuditStatements {
  readonly append: Statement;
  readonly anyUnsealed: Statement;
  readonly unsealed: Statement;
  readonly seal: Statement;
  readonly chain: Statement;
  readonly oldest: Statement;
  readonly deleteOlder: Statement;
  query(query: AuditQuery): { readonly statement: Statement; readonly values: readonly Value[] };
}

export function auditStatements(schema: string | undefined): AuditStatements {
  const audit = `${prefix(schema)}coatcheck_audit`;
  const chain = `${prefix(schema)}coatcheck_audit_chain`;
  const typed = Object.entries(columnTypes).map(([name, type]) => `${name} ${type}`);
  return {
    append: statement(
      "audit_append",
      `INSERT INTO ${audit} (${columns})
      SELECT ${columns} FROM json_to_recordset($1::json) AS record (${typed.join(", ")})
      ON CONFLICT (at, id) DO NOTHING`,
    ),

    /** Asked without the lock: nobody waits for it while there is nothing to seal. */
    anyUnsealed: statement(
      "audit_any_unsealed",
      `SELECT EXISTS (SELECT FROM ${audit} WHERE position IS NULL), ${ends}
      FROM (VALUES (1)) AS answer LEFT JOIN ${chain} ON true`,
    ),

    /** All that are committed by now: a sequence would pass over those that are committed out of its order. */
    unsealed: statement(
      "audit_unsealed",
      `SELECT ${ends}, record.* FROM ${chain} LEFT JOIN LATERAL (
        SELECT ${columns} FROM ${audit} WHERE position IS NULL ORDER BY at, id LIMIT $1::bigint
      ) AS record ON true`,
    ),

    seal: statement(
      "audit_seal",
      `WITH sealed AS (
        UPDATE ${audit} AS record SET position = seal.position, hash = seal.hash
        FROM json_to_recordset($1::json) AS seal (at bigint, id text, position bigint, hash text)
        WHERE record.at = seal.at AND record.id = seal.id
      )
      UPDATE ${chain} SET head_position = $2::bigint, head_hash = $3::text`,
    ),

    /** The ends are those of the same moment. */
    chain: statement(
      "audit_chain",
      `SELECT ${ends}, record.* FROM (VALUES (1)) AS answer
      LEFT JOIN ${chain} ON true
      LEFT JOIN LATERAL (
        SELECT position, hash, ${columns} FROM ${audit}
        WHERE position >= $1::bigint ORDER BY position LIMIT $2::bigint
      ) AS record ON true`,
    ),

    oldest: statement(
      "audit_oldest",
      `SELECT ${ends}, record.at FROM (VALUES (1)) AS answer
      LEFT JOIN ${chain} ON true
      LEFT JOIN LATERAL (
        SELECT at FROM ${audit} WHERE position > start_position ORDER BY position LIMIT 2
      ) AS record ON true`,
    ),

    /** The last of those that are old stays. */
    deleteOlder: statement(
      "audit_delete_older",
      `WITH oldest AS MATERIALIZED (
        SELECT position, hash, at FROM ${audit}
        WHERE position > (SELECT start_position FROM ${chain}) ORDER BY position LIMIT $2::bigint + 1
      ), old AS (
        SELECT position, hash FROM oldest
        WHERE position < coalesce((SELECT min(position) FROM oldest WHERE at >= $1::bigint), $3::bigint)
      ), leaving AS MATERIALIZED (
        SELECT position, hash FROM old WHERE position < (SELECT max(position) FROM old)
      ), gone AS (
        DELETE FROM ${audit} AS record USING leaving WHERE record.position = leaving.position
      ), moved AS (
        UPDATE ${chain} SET start_position = last.position, start_hash = last.hash
        FROM (SELECT position, hash FROM leaving ORDER BY position DESC LIMIT 1) AS last
      )
      SELECT position, hash FROM leaving ORDER BY position`,
    ),

    query: (query) => {
      const { sql, values } = pageOf(audit, query);
      return { statement: statement("audit_query", sql), values };
    },
  };
}

/** A page, and one record more to know whether there is another. */
function pageOf(audit: string, query: AuditQuery): { readonly sql: string; readonly values: Value[] } {
  const { userId, event, sessionId, from, to, limit } = query;
  const after = positionOf(query);
  const values: Value[] = [];
  const conditions: string[] = [];
  const when = (condition: (...names: string[]) => string, ...given: Value[]) => {
    const names = given.map((_, index) => `$${values.length + index + 1}`);
    values.push(...given);
    conditions.push(condition(...names));
  };
  if (userId !== undefined) when((value) => `user_id = ${value}`, escaped(userId));
  if (event !== undefined) when((value) => `event = ${value}`, escaped(event));
  if (sessionId !== undefined) when((value) => `session_id = ${value}`, escaped(sessionId));
  if (from !== undefined) when((value) => `at >= ${value}::bigint`, from);
  if (to !== undefined) when((value) => `at < ${value}::bigint`, to);
  if (after) when((at, id) => `(at, id) < (${at}::bigint, ${id}::text)`, after.at, after.id);
  const where = conditions.join(" AND ") || "true";
  values.push(limit + 1);
  return {
    sql: `SELECT ${columns} FROM ${audit} WHERE ${where} ORDER BY at DESC, id DESC LIMIT $${values.length}::bigint`,
    values,
  };
}
