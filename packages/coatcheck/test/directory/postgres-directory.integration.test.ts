/** The directory in PostgreSQL: its contract, and that no query walks the table, however many sessions there are. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { few, reach, walkOf } from "../../src/core/directory-page.ts";
import type { SessionQuery } from "../../src/core/session-directory.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type Asked, countOf, gathered, walked } from "../../src/stores/postgres/directory-statements.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { describeProjectedDirectory, describeSessionDirectory } from "../../src/testing/directory-suite.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";
import { newSchema, openStore, usePostgres } from "../stores/postgres-nodes.ts";

describe("The directory in PostgreSQL", () => {
  const postgres = usePostgres();

  async function backend<S>(part: (store: PostgresSessionStore) => S): Promise<StoreBackend<S>> {
    const schema = newSchema();
    const stores = postgres.pools.map((pool) => new PostgresSessionStore(pool, { schema, timeout: 20_000 }));
    await stores[0]!.migrate();
    const [first, second] = stores.map(part);
    const unused = [first!, second!];
    return {
      connect: () => unused.shift() ?? first!,
      close: async () => void (await postgres.pools[0].query(`DROP SCHEMA ${schema} CASCADE`)),
    };
  }

  describeSessionDirectory("PostgreSQL, two pools on one database", {
    open: () => backend((store) => ({ store, directory: store.directory })),
  });

  describeProjectedDirectory("PostgreSQL, two pools on one database", {
    open: () => backend(({ projection }) => projection),
  });

  test("no query walks the table, however many sessions there are, and the last page costs what the first one does", async (t) => {
    const { pool, schema } = await openStore(t, { connectionString: postgres.url });
    const table = `${schema}.coatcheck_sessions`;
    // 100,000 sessions of 1,000 users: as generated, since nobody opens them.
    await pool.query(`
      INSERT INTO ${table} (id, secret_issued_at, secret_revision, created_at, authenticated_at, last_seen_at, active_at,
        expires_at, data_version, data_revision, user_id, family_hash, secret_hash, superseded, amr, client, data)
      SELECT lpad(number::text, 25, 'x'), 1, 0, number * 10, 1, number * 20, number * 20, 9000000, 1, 0,
        'user' || number % 1000, 'x', 'x', '[]', '["pwd"]',
        '{"ip":"192.0.2.' || number % 250 || '","userAgent":"Firefox/' || number % 140 || '"}', '{}'
      FROM generate_series(1, 100000) AS number;
      ANALYZE ${table};`);
    const id = "x50000".padStart(25, "x") as SessionId;
    const places = { "last-active": 1_000_000, "signed-in": 500_000, user: "user500" } as const;
    const indexes = { "last-active": /by_activity/g, "signed-in": /by_creation/g, user: /by_user/g };
    for (const sort of ["last-active", "signed-in", "user"] as const) {
      const read: number[] = [];
      for (const start of [undefined, { key: places[sort], id }]) {
        const query: SessionQuery = { sort, limit: 50 };
        const asked = walked(table, query, { ...walkOf(query), start }, 1);
        const plan = await planOf(asked);
        assert.equal(plan.match(indexes[sort])?.length, 2, plan);
        assert.doesNotMatch(plan, /Seq Scan/, plan);
        read.push(await rowsRead(asked));
        assert.equal((await run(asked)).rows.length, 51);
      }
      assert.ok(
        read.every((count) => count <= reach),
        `${sort}: ${read}`,
      );
    }
    const selections: readonly (readonly [SessionQuery, RegExp])[] = [
      [{ userId: "user7", limit: 50 }, /by_user/],
      [{ address: "192.0.2.7", limit: 50 }, /by_address/],
      [{ address: "192.0.2.", userAgent: ["firefox"], limit: 50 }, /by_address/],
    ];
    for (const [query, index] of selections) {
      const asked = query.userAgent
        ? [countOf(table, query)]
        : [countOf(table, query), gathered(table, query, walkOf(query), 1)];
      for (const each of asked) {
        const plan = await planOf(each);
        if (!query.userAgent) assert.match(plan, index);
        assert.ok((await rowsRead(each)) <= few + 1, plan);
      }
    }

    function run({ statement, values }: Asked) {
      return pool.query(statement.text, [...values]);
    }

    async function planOf({ statement, values }: Asked): Promise<string> {
      const { rows } = await pool.query(`EXPLAIN ${statement.text}`, [...values]);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    }

    /** The most rows that any part of the statement handled. */
    async function rowsRead({ statement, values }: Asked): Promise<number> {
      const { rows } = await pool.query(`EXPLAIN (ANALYZE, TIMING OFF) ${statement.text}`, [...values]);
      const lines: string[] = rows.map((row) => row["QUERY PLAN"]);
      return Math.max(...lines.map((line) => Number(/\(actual rows=([\d.]+)/.exec(line)?.[1] ?? 0)));
    }
  });

  test("a user agent is searched by one statement in PostgreSQL, however many texts it shall contain", () => {
    const statementOf = (...userAgent: string[]) => {
      const asked: SessionQuery = { userAgent, limit: 50 };
      return walked("coatcheck_sessions", asked, walkOf(asked), 1).statement;
    };
    assert.deepEqual(statementOf("firefox"), statementOf("firefox", "linux", '"'));
  });

  test("a touch is a HOT update, unless the order by activity would be ten minutes behind", async (t) => {
    // One connection: what this test begins, the store goes on with.
    const { store, pool, schema } = await openStore(t, { connectionString: postgres.url, max: 1 });
    const records = [sessionRecord(), sessionRecord()];
    for (const record of records) await store.insert(record, beginning);
    await pool.query("BEGIN");
    for (const minute of [3, 6, 9]) {
      const at = beginning + minute * 60_000;
      // Of several in one turn, and of one alone.
      await Promise.all(records.map(({ id }) => store.update(id, { seen: seenAt(at) }, at)));
      await store.update(records[0]!.id, { seen: seenAt(at + 1) }, at);
    }
    assert.deepEqual(await updates(), { all: 9, hot: 9 });
    const at = beginning + 10 * 60_000;
    await Promise.all(records.map(({ id }) => store.update(id, { seen: seenAt(at) }, at)));
    assert.deepEqual(await updates(), { all: 11, hot: 9 });
    await pool.query("COMMIT");

    /** As the transaction itself counts them. */
    async function updates(): Promise<{ readonly all: number; readonly hot: number }> {
      const { rows } = await pool.query(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE schemaname = $1 AND relname = 'coatcheck_sessions'",
        [schema],
      );
      return { all: Number(rows[0].n_tup_upd), hot: Number(rows[0].n_tup_hot_upd) };
    }
  });
});

function seenAt(lastSeenAt: number): { readonly lastSeenAt: number; readonly expiresAt: number } {
  return { lastSeenAt, expiresAt: lastSeenAt + 30 * 60_000 };
}
