/** What is left when PostgreSQL dies in the middle of its work: what it has answered, and nobody who had left. */
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client, Pool } from "pg";
import { type RunningPostgres, startPostgres } from "../../../../test/servers/postgres.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { Crowd } from "./crowd.ts";

describe("A PostgreSQL that crashes while people sign in and out", () => {
  let server: RunningPostgres;
  let pool: Pool;
  let sessions: SessionManager;
  before(async () => {
    // As in production: without these, a crash may lose what was answered.
    server = await startPostgres({ fsync: "on", full_page_writes: "on" });
    pool = new Pool({ connectionString: server.url, max: 4 });
    const store = new PostgresSessionStore(pool, { timeout: 1_000 });
    await store.migrate();
    sessions = new SessionManager({ store, warn: () => {} });
  });
  after(async () => {
    await sessions?.close();
    await pool?.end();
    await server?.[Symbol.asyncDispose]();
  });

  test("has lost nothing that it answered when one of its processes was killed, and all the others with it", async () => {
    const crowd = new Crowd(sessions);
    crowd.start();
    await crowd.busy();
    await killOne(server);
    await crowd.refused();
    await crowd.busy();
    await crowd.stop();
    await crowd.assertHolds();
  });

  test("has lost nothing that it answered when it was killed and started again", async () => {
    const crowd = new Crowd(sessions);
    crowd.start();
    await crowd.busy();
    const ended = once(server.process, "exit");
    server.process.kill("SIGKILL");
    await ended;
    await crowd.refused();
    await started(server);
    await crowd.busy();
    await crowd.stop();
    await crowd.assertHolds();
  });
});

/** As the kernel does without memory: PostgreSQL then ends all its processes, and recovers from its log. */
async function killOne({ url }: RunningPostgres): Promise<void> {
  const client = new Client(url);
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  process.kill(rows[0].pid, "SIGKILL");
}

/** It does not start beside processes of before, which notice only after a moment that they are alone. */
async function started(server: RunningPostgres): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === 20) throw error;
      await delay(100);
    }
  }
}
