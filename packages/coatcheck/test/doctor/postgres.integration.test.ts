/** The doctor asks a real PostgreSQL. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { doctor } from "../../src/doctor/doctor.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { newSchema, openPool, usePostgres } from "../stores/postgres-nodes.ts";

const auth = { origin: "https://example.com" };

describe("The doctor, of PostgreSQL", () => {
  const postgres = usePostgres();

  function open(t: TestContext, options = "") {
    const schema = newSchema();
    const pool = openPool(t, { connectionString: postgres.url, options });
    return { schema, pool, store: new PostgresSessionStore(pool, { schema }) };
  }

  /** Servers for tests may be set to be fast rather than durable. */
  async function codes(store: PostgresSessionStore): Promise<string[]> {
    const findings = await doctor({ store, auth });
    return findings.map(({ code }) => code).filter((code) => code !== "postgres-durability");
  }

  test("has nothing to say about tables as `migrate` makes them", async (t) => {
    const { store } = open(t);
    await store.migrate();
    assert.deepEqual(await codes(store), []);
  });

  test("finds that the tables are not there, and says how to make them", async (t) => {
    const [finding] = await doctor({ store: open(t).store, auth });
    assert.equal(finding!.code, "store-unavailable");
    assert.match(finding!.what, /store\.migrate\(\)/);
  });

  test("finds an index that somebody dropped, or that is invalid", async (t) => {
    const { store, pool, schema } = open(t);
    await store.migrate();
    await pool.query(`DROP INDEX ${schema}.coatcheck_sessions_by_user_id`);
    assert.deepEqual(await codes(store), ["postgres-index"]);
  });

  test("finds the index that searching sessions lacks, and its remedy is one", async (t) => {
    const { store, pool, schema } = open(t);
    await store.migrate();
    const names = ["coatcheck_sessions_by_activity", "coatcheck_projected_sessions_by_address"];
    for (const name of names) await pool.query(`DROP INDEX ${schema}.${name}`);
    const findings = (await doctor({ store, auth })).filter(({ code }) => code === "postgres-index");
    assert.deepEqual(
      findings.map(({ severity, what }) => [severity, names.find((name) => what.includes(name))]),
      names.map((name) => ["warning", name]),
    );
    for (const { fix } of findings) await pool.query(fix.slice(fix.indexOf("CREATE INDEX")));
    assert.deepEqual(await codes(store), []);
  });

  test("finds tables of a later release", async (t) => {
    const { store, pool, schema } = open(t);
    await store.migrate();
    await pool.query(`UPDATE ${schema}.coatcheck_schema SET version = 99999`);
    assert.deepEqual(await codes(store), ["postgres-newer-tables"]);
  });

  test("finds that answers are not durable", async (t) => {
    const { store } = open(t, "-c synchronous_commit=off");
    await store.migrate();
    const findings = await doctor({ store, auth });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["postgres-durability"],
    );
  });
});
