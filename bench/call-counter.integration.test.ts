import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "pg";
import { createClient } from "redis";
import { type CallCounter, callsOfPostgres, callsOfRedis } from "./call-counter.ts";
import { startDatabase } from "./databases.ts";

test("commands are counted as Redis counts them: what a script calls, but not its call", async () => {
  await using database = await startDatabase("redis");
  const client = await createClient({ url: database.address }).connect();
  const calls = await counted(callsOfRedis(database.address), async () => {
    await client.set("coat", "hook 1");
    await client.mGet(["coat", "hat"]);
    await client.ping();
    await client.eval("redis.call('GET', 'coat') return redis.call('DEL', 'coat')");
  });
  assert.deepEqual(calls, { all: 4, writes: 2 });
  client.destroy();
});

test("statements of PostgreSQL are counted, and not what only begins and ends a transaction", async () => {
  await using database = await startDatabase("postgres");
  const pool = new Pool({ connectionString: database.address });
  await pool.query("CREATE TABLE coats (hook integer)");
  const calls = await counted(callsOfPostgres(), async () => {
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO coats VALUES ($1)", [1]);
    await client.query("COMMIT");
    client.release();
    await pool.query({ name: "look", text: "SELECT hook FROM coats" });
  });
  await pool.query("SELECT hook FROM coats");
  assert.deepEqual(calls, { all: 2, writes: 1 });
  await pool.end();
});

async function counted(counter: CallCounter, deed: () => Promise<void>) {
  await counter.start();
  await deed();
  return counter.stop();
}
