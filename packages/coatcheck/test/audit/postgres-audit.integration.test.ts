/** The audit in PostgreSQL: its contract, what commits out of order, tampering, grants, and the plans of queries. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { AuditQuery } from "../../src/audit/audit-record.ts";
import { verifyAudit } from "../../src/audit/chain.ts";
import { auditStatements } from "../../src/stores/postgres/audit-statements.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { allPages, assertIntact, assertRecords, sealAll } from "../../src/testing/audit/expectations.ts";
import { auditRecords, fullAuditRecord } from "../../src/testing/audit/record.ts";
import { describeAuditStore } from "../../src/testing/audit-suite.ts";
import { beginning } from "../../src/testing/record.ts";
import { newSchema, openPool, openStore, usePostgres } from "../stores/postgres-nodes.ts";

describe("The audit in PostgreSQL", () => {
  const postgres = usePostgres();
  const open = (t: TestContext) => openStore(t, { connectionString: postgres.url });

  describeAuditStore("PostgreSQL, two pools on one database", {
    open: async () => {
      const schema = newSchema();
      const stores = postgres.pools.map((pool) => new PostgresSessionStore(pool, { schema }));
      await stores[0]!.migrate();
      return {
        connect: () => (stores.length > 1 ? stores.shift()! : stores[0]!).audit,
        close: async () => void (await postgres.pools[0].query(`DROP SCHEMA ${schema} CASCADE`)),
      };
    },
  });

  test("a record that is committed after younger ones were sealed is sealed too", async (t) => {
    const { store, pool, schema } = await open(t);
    const slow = await pool.connect();
    await slow.query("BEGIN");
    await slow.query(
      `INSERT INTO ${schema}.coatcheck_audit (at, id, event) VALUES (${beginning - 5}, 'late', 'created')`,
    );
    await store.audit.append(auditRecords(3));
    assert.equal((await store.audit.seal(10)).sealed, 3);
    await slow.query("COMMIT");
    slow.release();
    assert.equal((await store.audit.seal(10)).sealed, 1);
    const { records } = await store.audit.chain(3, 10);
    assert.deepEqual(
      records.map(({ record }) => record.id),
      ["late"],
    );
    await assertIntact(store.audit, 4);
  });

  test("an edit, a deletion, an exchange and an insertion are found, and where", async (t) => {
    const deeds = {
      "UPDATE audit SET user_id = 'eve' WHERE position = 4": ["changed 4"],
      "UPDATE audit SET client = '{' WHERE position = 4": ["changed 4"],
      "UPDATE audit SET event = '\\x' WHERE position = 4": ["changed 4"],
      "UPDATE audit SET at = 9223372036854775807 WHERE position = 4": ["changed 4"],
      "UPDATE audit SET position = 9223372036854775807 WHERE position = 4": [
        "missing 4",
        "surplus 9223372036854776000",
      ],
      "UPDATE audit SET position = -9223372036854775808 WHERE position = 4": [
        "surplus -9223372036854776000",
        "missing 4",
      ],
      "UPDATE audit_chain SET head_position = 9223372036854775807": ["missing 11"],
      "UPDATE audit_chain SET start_position = 7, start_hash = (SELECT hash FROM audit WHERE position = 7); DELETE FROM audit WHERE position <= 7":
        ["beginning 1"],
      "UPDATE audit_chain SET start_position = 10, start_hash = head_hash; DELETE FROM audit": [
        "beginning 1",
      ],
      "DELETE FROM audit WHERE position = 4": ["missing 4"],
      "DELETE FROM audit WHERE position = 10": ["missing 10"],
      "UPDATE audit SET position = -position WHERE position IN (4, 5); UPDATE audit SET position = 9 + position WHERE position < 0":
        ["changed 4", "changed 5", "changed 6"],
      "INSERT INTO audit (at, id, event, position, hash) VALUES (1, 'planted', 'created', 11, 'x')": [
        "surplus 11",
      ],
      "DELETE FROM audit_chain": Array.from({ length: 10 }, (_, index) => `surplus ${index + 1}`),
    };
    for (const [deed, expected] of Object.entries(deeds)) {
      const { store, pool, schema } = await open(t);
      await store.audit.append([...auditRecords(9), fullAuditRecord({ at: beginning + 9 })]);
      await sealAll(store.audit, 4);
      await assertIntact(store.audit, 10);
      await pool.query(deed.replace(/\baudit(_chain)?\b/g, `${schema}.coatcheck_audit$1`));
      const { breaks } = await verifyAudit(store.audit, { now: () => beginning });
      assert.ok((await allPages(store.audit)).length <= 11);
      assert.deepEqual(
        breaks.map(({ problem, position }) => `${problem} ${position}`),
        expected,
        deed,
      );
    }
  });

  test("a role that may add and seal, and neither change nor delete, is enough but for retention", async (t) => {
    const { store: owner, pool: admin, schema } = await open(t);
    const user = newSchema();
    await admin.query(`
      CREATE USER ${user};
      GRANT USAGE ON SCHEMA ${schema} TO ${user};
      GRANT SELECT, INSERT, UPDATE (position, hash) ON ${schema}.coatcheck_audit TO ${user};
      GRANT SELECT, UPDATE ON ${schema}.coatcheck_audit_chain TO ${user};`);
    const pool = openPool(t, { connectionString: postgres.url, options: `-c role=${user}` });
    try {
      const { audit } = new PostgresSessionStore(pool, { schema });
      const records = auditRecords(5);
      await audit.append(records);
      await sealAll(audit);
      await assertRecords(audit, records);
      await assertIntact(audit, 5);
      const table = `${schema}.coatcheck_audit`;
      await assert.rejects(pool.query(`UPDATE ${table} SET reason = 'x'`), /permission denied/);
      await assert.rejects(pool.query(`DELETE FROM ${table}`), /permission denied/);
      await assert.rejects(audit.deleteOlder(beginning + 100, 10), /permission denied/);
      assert.equal((await owner.audit.deleteOlder(beginning + 100, 10)).removed, 4);
    } finally {
      await admin.query(`DROP OWNED BY ${user}; DROP USER ${user}`);
    }
  });

  test("no query walks the table, however many records it has", async (t) => {
    const { pool, schema } = await open(t);
    // 200,000 records of 1,000 users: as generated, since only the plans are looked at.
    await pool.query(`
      INSERT INTO ${schema}.coatcheck_audit (at, id, event, user_id, session_id, position, hash)
      SELECT number * 10, 'id' || number, 'event' || number % 20, 'user' || number % 1000,
        'session' || number % 5000, number, 'hash' FROM generate_series(1, 200000) AS number;
      ANALYZE ${schema}.coatcheck_audit;`);
    const asked: readonly (readonly [AuditQuery, index: RegExp])[] = [
      [{ limit: 50 }, /by_time/],
      [{ limit: 50, from: 500_000, to: 600_000, cursor: "550000.id55000" }, /by_time/],
      [{ limit: 50, userId: "user7" }, /by_user/],
      [{ limit: 50, userId: "user9", event: "event9", cursor: "1990000.id199000" }, /by_user_event/],
      [{ limit: 50, userId: "user7", cursor: "550000.id55000", from: 1_000 }, /by_user/],
      [{ limit: 50, event: "event3", from: 500_000 }, /by_event|by_time/],
      [{ limit: 50, sessionId: "session9" }, /by_session/],
      [{ limit: 50, userId: "user9", sessionId: "session9", event: "event9" }, /by_session/],
    ];
    const sql = auditStatements(schema);
    const plans = [
      ...asked.map(([query, index]) => ({ ...sql.query(query), index })),
      { statement: sql.unsealed, values: [250], index: /unsealed/ },
      { statement: sql.chain, values: [100_000, 500], index: /by_position/ },
      { statement: sql.deleteOlder, values: [1_000_000, 200, 2 ** 53 - 1], index: /by_position/ },
    ];
    for (const { statement, values, index } of plans) {
      const { rows } = await pool.query(`EXPLAIN ${statement.text}`, [...values]);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      assert.match(plan, index);
      assert.doesNotMatch(plan, /Seq Scan on coatcheck_audit\b(?!_)/, plan);
    }
  });
});
