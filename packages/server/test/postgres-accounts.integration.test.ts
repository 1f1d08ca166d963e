import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pool } from "pg";
import { type ProvidedDatabase, providePostgres } from "../../../test/servers/postgres.ts";
import { PostgresAccounts } from "../src/accounts/postgres-accounts.ts";
import { accountsMigration, migrateAccounts } from "../src/accounts/postgres-accounts-schema.ts";
import { describeAccountStore } from "./support/account-store-suite.ts";

let database: ProvidedDatabase;
let schemas = 0;
before(async () => {
  database = await providePostgres();
});
after(() => database[Symbol.asyncDispose]());

/** A pool whose tables nobody else has. */
async function poolOfItsOwn(schema = `accounts_${++schemas}`): Promise<Pool> {
  const pool = new Pool({ connectionString: database.url, options: `-c search_path=${schema}` });
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  return pool;
}

describeAccountStore("PostgreSQL", async () => {
  const schema = `accounts_${++schemas}`;
  const pools: Pool[] = [];
  return {
    connect: async () => {
      const pool = await poolOfItsOwn(schema);
      pools.push(pool);
      await migrateAccounts(pool);
      return new PostgresAccounts(pool);
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
});

describe("the tables of users in PostgreSQL", () => {
  test("are made once by servers that start at the same time", async () => {
    const schema = `accounts_${++schemas}`;
    const pools = [await poolOfItsOwn(schema), await poolOfItsOwn(schema), await poolOfItsOwn(schema)];
    await Promise.all(pools.map(migrateAccounts));
    const { rows } = await pools[0]!.query("SELECT version FROM coatcheck_account_schema");
    assert.deepEqual(rows, [{ version: 3 }]);
    await Promise.all(pools.map((pool) => pool.end()));
  });

  test("may be made by hand, and are good as they are then", async () => {
    const pool = await poolOfItsOwn();
    await pool.query(accountsMigration());
    await migrateAccounts(pool);
    assert.equal(await new PostgresAccounts(pool).isEmpty(), true);
    await pool.end();
  });

  test("of a later release are refused", async () => {
    const pool = await poolOfItsOwn();
    await migrateAccounts(pool);
    await pool.query("UPDATE coatcheck_account_schema SET version = 99");
    await assert.rejects(migrateAccounts(pool), /version 99, and this release knows 3/);
    await pool.end();
  });
});
