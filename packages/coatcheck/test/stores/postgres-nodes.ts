/** Nodes that share sessions in one PostgreSQL: each has a pool of its own. */
import { after, before, type TestContext } from "node:test";
import { Pool, type PoolConfig } from "pg";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { type PostgresPool, type PostgresQuery, PostgresSessionStore } from "../../src/stores/postgres.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";

let schemas = 0;

/** Machines that run tests are busy: what is about answers must not fail because of late ones. In milliseconds. */
const timeout = 20_000;

/** Two pools of one database, and as many backends in it as there are tests: each is a schema. */
export class TwoNodes {
  readonly #pools: readonly [Pool, Pool];

  constructor(config: PoolConfig) {
    this.#pools = [new Pool(config), new Pool(config)];
  }

  async backend(): Promise<StoreBackend> {
    const schema = newSchema();
    const [first, second] = this.#pools.map(
      (pool) => new PostgresSessionStore(pool, { schema, timeout }),
    ) as [PostgresSessionStore, PostgresSessionStore];
    await first.migrate();
    const unused = [first, second];
    return {
      connect: () => unused.shift() ?? first,
      close: async () => void (await this.#pools[0].query(`DROP SCHEMA ${schema} CASCADE`)),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }
}

/** A PostgreSQL for the tests of the block that calls this, while they run. */
export interface BlockPostgres {
  readonly url: string;
  /** Of two nodes. They end with the block. */
  readonly pools: readonly [Pool, Pool];
}

export function usePostgres(): BlockPostgres {
  const used = new AsyncDisposableStack();
  let url: string;
  let pools: readonly [Pool, Pool] | undefined;
  before(async () => {
    ({ url } = used.use(await providePostgres()));
  });
  after(() => used.disposeAsync());

  function openPools(): readonly [Pool, Pool] {
    const open = () => new Pool({ connectionString: url, max: 20 });
    const opened = [open(), open()] as const;
    used.defer(async () => void (await Promise.all(opened.map((pool) => pool.end()))));
    return opened;
  }
  return {
    get url() {
      return url;
    },
    get pools() {
      pools ??= openPools();
      return pools;
    },
  };
}

export function newSchema(): string {
  return `test_${process.pid}_${++schemas}`;
}

/** A pool that ends with the test. */
export function openPool(t: TestContext, config: PoolConfig): Pool {
  const pool = new Pool(config);
  t.after(() => {
    // Its connections may outlive it a little, and the server not.
    pool.on("error", () => {});
    return pool.end();
  });
  return pool;
}

/** A store on tables of its own. */
export async function openStore(
  t: TestContext,
  config: PoolConfig,
): Promise<{ readonly store: PostgresSessionStore; readonly pool: Pool; readonly schema: string }> {
  const pool = openPool(t, config);
  const schema = newSchema();
  const store = new PostgresSessionStore(pool, { schema });
  await store.migrate();
  return { store, pool, schema };
}

/** So many nodes on the same tables, each with one connection that is open already. */
export async function openNodes(
  t: TestContext,
  url: string,
  count: number,
): Promise<readonly PostgresSessionStore[]> {
  const { store, schema } = await openStore(t, { connectionString: url });
  await store.time();
  const config = { connectionString: url, max: 1, idleTimeoutMillis: 0 };
  const nodes = Array.from(
    { length: count },
    () => new PostgresSessionStore(openPool(t, config), { schema, timeout }),
  );
  await Promise.all(nodes.map((node) => node.time()));
  return nodes;
}

/** The same pool, and what is sent through it. */
export function observe(pool: Pool): { readonly queries: PostgresQuery[]; readonly observed: PostgresPool } {
  const queries: PostgresQuery[] = [];
  const observed: PostgresPool = {
    on: pool.on.bind(pool),
    listenerCount: pool.listenerCount.bind(pool),
    connect: async () => {
      const client = await pool.connect();
      return {
        query: (query, callback) => {
          queries.push(query);
          client.query(query, callback);
        },
        on: client.on.bind(client),
        removeListener: client.removeListener.bind(client),
        release: client.release.bind(client),
      };
    },
  };
  return { queries, observed };
}
