import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PoolClient } from "pg";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { closePostgresPool, openPostgresPool } from "../../src/storage/postgres-pool.ts";
import { ask, inTransaction } from "../../src/storage/postgres-transaction.ts";

describe("What the server asks PostgreSQL", () => {
  test("fails when its connection is lost in the middle of a transaction, and the next question is answered", async () => {
    await using database = await providePostgres();
    const pool = await openPostgresPool(database.url, () => {});
    const backends = new Map<number, PoolClient>();
    pool.on("connect", (client) =>
      backends.set((client as unknown as { processID: number }).processID, client),
    );
    await ask(pool, "CREATE TABLE written (word text)", []);
    const losing = inTransaction(pool, ["LOCK TABLE written"], async (query) => {
      await query("INSERT INTO written VALUES ('never')", []);
      const { rows } = await query("SELECT pg_backend_pid() AS pid", []);
      const { promise: lost, resolve } = Promise.withResolvers<void>();
      backends.get(rows[0].pid)!.once("end", resolve);
      await ask(pool, "SELECT pg_terminate_backend($1)", [rows[0].pid]);
      // While it asks nothing: nobody waits for an answer that could fail.
      await lost;
      return true;
    });
    await assert.rejects(losing);
    const { rows } = await ask(pool, "SELECT count(*)::int FROM written", []);
    assert.deepEqual(rows, [{ count: 0 }]);
    await closePostgresPool(pool);
  });
});
