/** How SQLite looks for audit records: along an index, in the order of the page, however many there are. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { AuditQuery } from "../../src/audit/audit-record.ts";
import { auditQuery } from "../../src/stores/sqlite/audit.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";

const cursor = "1000.id";

const asked: Readonly<Record<string, readonly [AuditQuery, index: string]>> = {
  everything: [{ limit: 50 }, "by_time"],
  "a later page": [{ limit: 50, cursor }, "by_time"],
  "a span of time": [{ limit: 50, from: 1, to: 2, cursor }, "by_time"],
  "a user": [{ limit: 50, userId: "ada" }, "by_user"],
  "a user in a span of time": [{ limit: 50, userId: "ada", from: 1, to: 2, cursor }, "by_user"],
  "an event": [{ limit: 50, event: "theft", cursor }, "by_event"],
  "an event of a user": [{ limit: 50, userId: "ada", event: "theft", cursor }, "by_user_event"],
  "an event of a user in a span of time": [
    { limit: 50, userId: "ada", event: "theft", from: 1, to: 2, cursor },
    "by_user_event",
  ],
  "a session": [{ limit: 50, sessionId: "x", cursor }, "by_session"],
  "an event of a session of a user": [
    { limit: 50, userId: "ada", sessionId: "x", event: "theft", from: 1, cursor },
    "by_session",
  ],
};

describe("SQLite walks along an index, and sorts nothing, for", () => {
  for (const [what, [query, index]] of Object.entries(asked)) {
    test(what, (t) => {
      const db = new DatabaseSync(":memory:");
      t.after(() => db.close());
      new SqliteSessionStore(db);
      const { sql, values } = auditQuery(query);
      const plan = planOf(db, sql, values);
      assert.match(plan, new RegExp(`USING INDEX coatcheck_audit_${index}\\b`));
      assert.doesNotMatch(plan, /TEMP B-TREE/);
      if (Object.keys(query).length > 1) assert.match(plan, /^SEARCH /);
    });
  }

  test("sealing, verifying and retention", (t) => {
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    new SqliteSessionStore(db);
    const walks = {
      "SELECT id FROM coatcheck_audit WHERE position IS NULL ORDER BY at, id LIMIT 9": "unsealed",
      "SELECT id FROM coatcheck_audit WHERE position > 5 ORDER BY position LIMIT 9": "by_position",
      "DELETE FROM coatcheck_audit WHERE position <= 5": "by_position",
    };
    for (const [sql, index] of Object.entries(walks)) {
      const plan = planOf(db, sql, []);
      assert.match(plan, new RegExp(`INDEX coatcheck_audit_${index}\\b`), plan);
      assert.doesNotMatch(plan, /TEMP B-TREE/);
    }
  });
});

function planOf(db: DatabaseSync, sql: string, values: ReturnType<typeof auditQuery>["values"]): string {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return rows.map(({ detail }) => detail).join("\n");
}
