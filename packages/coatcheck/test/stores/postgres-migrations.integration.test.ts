/** How the tables come into being, and what refuses to work with them. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { Pool } from "pg";
import { startPgBouncer } from "../../../../test/servers/postgres.ts";
import { recordColumns, toRow } from "../../src/stores/postgres/row.ts";
import { schemaVersion } from "../../src/stores/postgres/schema.ts";
import { PostgresSessionStore, postgresMigration } from "../../src/stores/postgres.ts";
import { beginning, fullRecord, sessionRecord, usedSecret } from "../../src/testing/record.ts";
import { rememberAll } from "../../src/testing/remember/expectations.ts";
import { rememberRecord } from "../../src/testing/remember-record.ts";
import { assertKept, evictAt, insertAll } from "../../src/testing/store/expectations.ts";
import { walk } from "../../src/testing/walk.ts";
import { newSchema, openPool, usePostgres } from "./postgres-nodes.ts";

const now = beginning;

describe("Migrations of PostgreSQL", () => {
  const postgres = usePostgres();
  const open = (t: TestContext) => openPool(t, { connectionString: postgres.url });

  test("five nodes that start at once make the tables once", async (t) => {
    const schema = newSchema();
    const nodes = Array.from({ length: 5 }, () => new PostgresSessionStore(open(t), { schema }));
    await Promise.all(nodes.map((node) => node.migrate()));
    const record = sessionRecord();
    await insertAll(nodes[0]!, [record], now);
    await assertKept(nodes[4]!, record);
  });

  test("a second migration changes nothing", async (t) => {
    const schema = newSchema();
    const store = new PostgresSessionStore(open(t), { schema });
    await store.migrate();
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await store.migrate();
    await assertKept(store, record);
  });

  test("the printed SQL makes what `migrate` makes, and `migrate` has nothing to add", async (t) => {
    const pool = open(t);
    const [made, printed] = [newSchema(), newSchema()];
    await new PostgresSessionStore(pool, { schema: made }).migrate();
    await pool.query(postgresMigration({ schema: printed }));
    assert.deepEqual(await catalogOf(pool, printed), await catalogOf(pool, made));
    const store = new PostgresSessionStore(pool, { schema: printed });
    await store.migrate();
    await store.time();
    assert.equal(postgresMigration({ schema: printed, from: schemaVersion }), "");
  });

  test("sessions of the first release live on, without what later ones added", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    // Published steps are never edited: the first one is what the first release made.
    const [firstRelease] = postgresMigration({ schema }).split("ALTER TABLE");
    await pool.query(firstRelease!);
    const { fingerprint: _, ...record } = fullRecord();
    const columns = Object.entries(recordColumns).filter(([name]) => name !== "fingerprint");
    const values = columns.map(([, type], index) => `$${index + 1}::${type}`);
    await pool.query(
      `INSERT INTO ${schema}.coatcheck_sessions (${columns.map(([name]) => name)}) VALUES (${values})`,
      toRow(record).slice(0, columns.length),
    );
    const store = new PostgresSessionStore(pool, { schema });
    await assert.rejects(store.time(), /have version 1.*postgresMigration\(\{ from: 1 \}\)/);
    await store.migrate();
    await store.time();
    await assertKept(store, record);
    const authentication = { authenticatedAt: now, amr: ["pwd"], client: {}, fingerprint: "tolerant:x" };
    assert.equal(await store.update(record.id, { authentication }, now), true);
    await assertKept(store, { ...record, ...authentication });
  });

  test("without a schema, the tables are where the search path leads", async (t) => {
    const schema = newSchema();
    await open(t).query(`CREATE SCHEMA ${schema}`);
    const pool = openPool(t, { connectionString: postgres.url, options: `-c search_path=${schema}` });
    const store = new PostgresSessionStore(pool);
    await store.migrate();
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await assertKept(new PostgresSessionStore(open(t), { schema }), record);
  });

  test("a schema that is there already need not be one that the user could create", async (t) => {
    const [schema, user] = [newSchema(), newSchema()];
    const admin = open(t);
    await admin.query(`CREATE USER ${user}; CREATE SCHEMA ${schema} AUTHORIZATION ${user}`);
    const pool = openPool(t, { connectionString: postgres.url, options: `-c role=${user}` });
    try {
      await new PostgresSessionStore(pool, { schema }).migrate();
      const elsewhere = new PostgresSessionStore(pool, { schema: newSchema() });
      await assert.rejects(elsewhere.migrate(), /permission denied/);
    } finally {
      await admin.query(`DROP SCHEMA ${schema} CASCADE; DROP USER ${user}`);
    }
  });

  test("a role that may read and write rows is enough for everything else", async (t) => {
    const [schema, user] = [newSchema(), newSchema()];
    const admin = open(t);
    await new PostgresSessionStore(admin, { schema }).migrate();
    await admin.query(`
      CREATE USER ${user};
      GRANT USAGE ON SCHEMA ${schema} TO ${user};
      GRANT SELECT, INSERT, UPDATE, DELETE ON
        ${schema}.coatcheck_sessions, ${schema}.coatcheck_ended_sessions, ${schema}.coatcheck_attempts,
        ${schema}.coatcheck_remembered
        TO ${user};
      GRANT SELECT ON ${schema}.coatcheck_schema TO ${user};`);
    const pool = openPool(t, { connectionString: postgres.url, options: `-c role=${user}` });
    try {
      const store = new PostgresSessionStore(pool, { schema });
      const [first, second, third] = [sessionRecord(), sessionRecord(), sessionRecord()];
      await insertAll(store, [first, second], now);
      assert.equal((await store.insert(third, now, evictAt(2))).inserted, true);
      assert.equal(await store.update(third.id, { dataVersion: 2 }, now), true);
      assert.ok(await store.delete(third.id, "logout", now));
      assert.equal((await store.deleteByUser("ada", "revoked", now)).length, 1);
      await walk(store, now, 10);
      const { remember } = store;
      const browsers = [rememberRecord(), rememberRecord(), rememberRecord()] as const;
      await rememberAll(remember, browsers, now);
      assert.equal(await remember.update(browsers[0].id, { secret: usedSecret() }, now, 0), true);
      assert.ok(await remember.delete(browsers[0].id));
      assert.ok(await remember.deleteBySession(browsers[1].sessionId));
      assert.equal((await remember.deleteByUser("ada")).length, 1);
      await walk(remember, now, 10);
      await store.migrate();
      await store.time();
    } finally {
      await admin.query(`DROP SCHEMA ${schema} CASCADE; DROP USER ${user}`);
    }
  });

  test("any name of a schema is a name and nothing else", async (t) => {
    const pool = open(t);
    for (const schema of [`a "b" c`, `"; DROP TABLE x; --`, "'", "$1", "Ünï", "select"]) {
      const store = new PostgresSessionStore(pool, { schema });
      await store.migrate();
      await store.migrate();
      const record = sessionRecord();
      await insertAll(store, [record], now);
      await assertKept(store, record);
      const { rows } = await pool.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
      assert.equal(rows.length, 1);
    }
  });

  test("tables of a later release are left alone", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    const store = new PostgresSessionStore(pool, { schema });
    await store.migrate();
    await pool.query(`UPDATE ${schema}.coatcheck_schema SET version = 99`);
    await assert.rejects(store.migrate(), new RegExp(`version 99, this release knows ${schemaVersion}`));
    // An older node that still runs while a newer one has begun to replace it.
    assert.ok((await store.time()) > 0);
  });

  test("a node is not ready before the tables are of its version", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    const store = new PostgresSessionStore(pool, { schema });
    await store.migrate();
    await pool.query(`UPDATE ${schema}.coatcheck_schema SET version = 0`);
    await assert.rejects(store.time(), /postgresMigration\(\{ from: 0 \}\)/);
  });

  test("a migration that fails leaves nothing behind", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.coatcheck_ended_sessions ()`);
    const store = new PostgresSessionStore(pool, { schema });
    await assert.rejects(store.migrate(), /already exists/);
    await pool.query(`DROP TABLE ${schema}.coatcheck_ended_sessions`);
    await store.migrate();
    await store.time();
  });

  test("a pooler in transaction mode is no obstacle", async (t) => {
    await using bouncer = await startPgBouncer(postgres.url);
    const schema = newSchema();
    const pool = openPool(t, { connectionString: bouncer.url });
    const nodes = Array.from({ length: 5 }, () => new PostgresSessionStore(pool, { schema }));
    await Promise.all(nodes.map((node) => node.migrate()));
    await nodes[0]!.time();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});

/** Everything that a schema is made of, by PostgreSQL's own account. */
async function catalogOf(pool: Pool, schema: string): Promise<unknown> {
  const columns = await pool.query(
    `SELECT table_name, column_name, ordinal_position, data_type, collation_name, is_nullable, column_default
     FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, 3`,
    [schema],
  );
  const indexes = await pool.query(
    `SELECT tablename, indexname, replace(indexdef, $1, '') AS definition
     FROM pg_indexes WHERE schemaname = $1 ORDER BY 1, 2`,
    [schema],
  );
  const tables = await pool.query(
    `SELECT relname, relkind, reloptions FROM pg_class WHERE relnamespace = $1::regnamespace ORDER BY 1`,
    [schema],
  );
  const { rows: version } = await pool.query(`SELECT * FROM ${schema}.coatcheck_schema`);
  assert.ok(columns.rows.length > 20);
  return { columns: columns.rows, indexes: indexes.rows, tables: tables.rows, version };
}
