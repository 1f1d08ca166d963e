import { after, before } from "node:test";
import { Pool } from "pg";
import { type ProvidedDatabase, providePostgres } from "../../../../test/servers/postgres.ts";
import { PostgresAccounts } from "../../src/accounts/postgres-accounts.ts";
import { migrateAccounts } from "../../src/accounts/postgres-accounts-schema.ts";
import { PostgresMail } from "../../src/mail/postgres-mail.ts";
import { describeMailStore } from "./mail-store-suite.ts";

let database: ProvidedDatabase;
let schemas = 0;
before(async () => {
  database = await providePostgres();
});
after(() => database[Symbol.asyncDispose]());

describeMailStore("PostgreSQL", async () => {
  const schema = `mail_${++schemas}`;
  const pools: Pool[] = [];
  return {
    connect: async () => {
      const pool = new Pool({ connectionString: database.url, options: `-c search_path=${schema}` });
      pools.push(pool);
      await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await migrateAccounts(pool);
      return { accounts: new PostgresAccounts(pool), mail: new PostgresMail(pool) };
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
});
