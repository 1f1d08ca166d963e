/** Pools on a real PostgreSQL, with the tables of accounts and of what stands beside them. */
import { after, before } from "node:test";
import { Pool } from "pg";
import { type ProvidedDatabase, providePostgres } from "../../../../test/servers/postgres.ts";
import { migrateAccounts } from "../../src/accounts/postgres-accounts-schema.ts";

/** Tables of their own, and the pools of the nodes that share them. */
export interface AccountPools {
  connect(): Promise<Pool>;
  close(): Promise<void>;
}

/** For the tests of the file that calls this. */
export function useAccountPools(): () => AccountPools {
  let database: ProvidedDatabase;
  let schemas = 0;
  before(async () => {
    database = await providePostgres();
  });
  after(() => database[Symbol.asyncDispose]());
  return () => {
    const schema = `accounts_${process.pid}_${++schemas}`;
    const pools: Pool[] = [];
    return {
      connect: async () => {
        const pool = new Pool({ connectionString: database.url, options: `-c search_path=${schema}` });
        pools.push(pool);
        await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
        await migrateAccounts(pool);
        return pool;
      },
      close: async () => {
        await Promise.all(pools.map((pool) => pool.end()));
      },
    };
  };
}
