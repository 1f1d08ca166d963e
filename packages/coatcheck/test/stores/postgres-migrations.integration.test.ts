/** How the tables come into being, and what refuses to work with them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { startPgBouncer } from "../../../../test/servers/postgres.ts";
import type { SessionRecord } from "../../src/core/store.ts";
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

  test("caches hear nothing of sessions that a migration writes anew, and of the next change again", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    const table = `${schema}.coatcheck_sessions`;
    await pool.query(tablesOf(7, schema));
    const records = [sessionRecord(), sessionRecord(), sessionRecord()];
    for (const record of records) await beginAsBefore(pool, schema, record);
    const listener = await pool.connect();
    using used = new DisposableStack();
    used.defer(() => listener.release(true));
    const { rows } = await pool.query("SELECT 'coatcheck_' || $1::regclass::oid AS channel", [table]);
    await listener.query(`LISTEN ${rows[0].channel}`);
    const heard = once(listener, "notification");
    await new PostgresSessionStore(pool, { schema }).migrate();
    const activity = await pool.query(
      `SELECT FROM ${table} WHERE active_at = last_seen_at AND active_at > 0`,
    );
    assert.equal(activity.rows.length, records.length);
    // What is committed later is heard later.
    const { id } = records[1]!;
    await pool.query(`UPDATE ${table} SET data_revision = data_revision + 1 WHERE id = $1`, [id]);
    assert.equal((await heard)[0].payload, id);
  });

  for (const way of [
    "`migrate`, beside others,",
    "`migrate`, by a pool of one connection,",
    "the printed SQL",
  ]) {
    test(`${way} brings tables in use to what new ones are`, async (t) => {
      const [schema, fresh, pool] = [newSchema(), newSchema(), open(t)];
      await pool.query(tablesOf(7, schema));
      const [record, other] = [sessionRecord(), sessionRecord()];
      await beginAsBefore(pool, schema, record);
      if (way.startsWith("the printed")) await pool.query(postgresMigration({ schema, from: 7 }));
      else {
        const max = way.includes("one") ? 1 : 3;
        const nodes = Array.from(
          { length: 3 },
          () => new PostgresSessionStore(openPool(t, { connectionString: postgres.url, max }), { schema }),
        );
        await Promise.all(nodes.map((node) => node.migrate()));
      }
      const store = new PostgresSessionStore(pool, { schema });
      await store.time();
      await assertKept(store, record);
      // A node of the release before, which is not replaced yet.
      await beginAsBefore(pool, schema, { ...other, lastSeenAt: now });
      await new PostgresSessionStore(pool, { schema: fresh }).migrate();
      // A column that was added later has its place behind.
      assert.deepEqual(await catalogOf(pool, schema), await catalogOf(pool, fresh));
    });
  }

  test("sessions are used and ended, and begin, while a migration waits for one of them and for a transaction", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    const table = `${schema}.coatcheck_sessions`;
    await pool.query(tablesOf(8, schema));
    const [held, used, ended, unseen] = [sessionRecord(), sessionRecord(), sessionRecord(), sessionRecord()];
    // A sign-in of the same user would wait for the session that is held, as it always does.
    const begun = sessionRecord({ userId: "grace" });
    for (const record of [held, used, ended]) await beginAsBefore(pool, schema, record);
    const [holder, writer] = [await pool.connect(), await pool.connect()];
    using lent = new DisposableStack();
    lent.defer(() => holder.release(true));
    lent.defer(() => writer.release(true));
    await holder.query(`BEGIN; SELECT FROM ${table} WHERE id = '${held.id}' FOR UPDATE`);
    await writer.query("BEGIN");
    await beginAsBefore(writer, schema, unseen);

    const store = new PostgresSessionStore(open(t), { schema });
    const migrated = store.migrate();
    // Rows are filled up around the one that is held.
    await until(pool, `SELECT count(*) = 1 FROM ${table} WHERE active_at <> last_seen_at`);
    await useAll();
    await holder.query("COMMIT");
    // The index is made, and waits for a transaction that began before it.
    await until(pool, `SELECT count(*) = 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'`);
    await useAll();
    await writer.query("COMMIT");
    await migrated;
    await store.time();
    const { sessions } = await store.directory.query({ limit: 10 }, now);
    assert.deepEqual(sessions.map(({ id }) => id).sort(), [held.id, used.id, unseen.id].sort());

    async function useAll(): Promise<void> {
      const seen = { lastSeenAt: used.lastSeenAt + 1, expiresAt: used.expiresAt + 1 };
      assert.equal(await store.update(used.id, { seen }, now), true);
      assert.equal((await store.insert(begun, now, evictAt(10))).inserted, true);
      assert.ok(await store.delete(begun.id, "logout", now));
      assert.equal((await store.find(held.id))?.id, held.id);
      await store.delete(ended.id, "logout", now);
      await pool.query(`DELETE FROM ${schema}.coatcheck_ended_sessions`);
    }
  });

  test("a migration that is broken off while it makes an index is gone on with", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    await pool.query(tablesOf(8, schema));
    const writer = await pool.connect();
    using lent = new DisposableStack();
    lent.defer(() => writer.release(true));
    await writer.query("BEGIN");
    const record = sessionRecord();
    await beginAsBefore(writer, schema, record);
    const store = new PostgresSessionStore(open(t), { schema });
    const broken = assert.rejects(store.migrate(), /canceling statement/);
    await until(
      pool,
      `SELECT count(pg_cancel_backend(pid)) = 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'`,
    );
    await broken;
    await assert.rejects(store.time(), /have version 8/);
    const invalid = await pool.query("SELECT FROM pg_index WHERE NOT indisvalid");
    assert.equal(invalid.rows.length, 1);
    await writer.query("COMMIT");
    await store.migrate();
    await store.time();
    assert.equal((await pool.query("SELECT FROM pg_index WHERE NOT indisvalid")).rows.length, 0);
  });

  test("tables that a long transaction holds are asked for again and again, and nobody waits behind", async (t) => {
    const [schema, pool] = [newSchema(), open(t)];
    await pool.query(tablesOf(7, schema));
    const record = sessionRecord();
    await beginAsBefore(pool, schema, record);
    const reader = await pool.connect();
    using lent = new DisposableStack();
    lent.defer(() => reader.release(true));
    await reader.query(`BEGIN; SELECT FROM ${schema}.coatcheck_sessions`);
    const store = new PostgresSessionStore(open(t), { schema });
    const migrated = store.migrate();
    const waiting = `SELECT count(*) = 1 FROM pg_locks
      WHERE relation = '${schema}.coatcheck_sessions'::regclass AND NOT granted`;
    await until(pool, waiting);
    // It has given way; it did not wait for the reader.
    await until(pool, waiting.replace("= 1", "= 0"));
    assert.equal((await store.find(record.id))?.id, record.id);
    await reader.query("COMMIT");
    await migrated;
    await store.time();
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

  // Proves ASVS 13.2.2.
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

/** The SQL that makes the tables of a version. */
function tablesOf(version: number, schema: string): string {
  return postgresMigration({ schema }).slice(0, -postgresMigration({ schema, from: version }).length);
}

/** As a node of version 7 or before it begins a session. */
async function beginAsBefore(
  pool: Pick<Pool | PoolClient, "query">,
  schema: string,
  record: SessionRecord,
): Promise<void> {
  const columns = Object.entries(recordColumns);
  const values = columns.map(([, type], index) => `$${index + 1}::${type}`);
  const names = columns.map(([name]) => name);
  await (pool as Pool).query(
    `INSERT INTO ${schema}.coatcheck_sessions (${names}) VALUES (${values})`,
    toRow(record),
  );
}

/** Asks until the answer is yes. */
async function until(pool: Pool, question: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query({ text: question, rowMode: "array" });
    if (rows[0]![0]) return;
    await setImmediate();
  }
}

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
  const triggers = await pool.query(
    `SELECT replace(pg_get_triggerdef(oid), $1, '') AS definition FROM pg_trigger
     WHERE tgrelid = ($1 || '.coatcheck_sessions')::regclass ORDER BY 1`,
    [schema],
  );
  const { rows: version } = await pool.query(`SELECT * FROM ${schema}.coatcheck_schema`);
  assert.ok(columns.rows.length > 20);
  return {
    columns: columns.rows,
    indexes: indexes.rows,
    tables: tables.rows,
    triggers: triggers.rows,
    version,
  };
}
