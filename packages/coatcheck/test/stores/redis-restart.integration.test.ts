/** What is left when Redis is killed and started again: all that was answered, or nothing, as it was set to. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { Crowd } from "./crowd.ts";
import { answered, ioRedis, nodeRedis } from "./redis-clients.ts";

const onDisk = ["--appendonly", "yes", "--appendfsync", "always"];

for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
  describe(`A Redis that is killed and started again, through ${name}`, () => {
    test("has lost nothing that it answered, with appendfsync always", async () => {
      await using redis = await startRedis(...onDisk);
      const { client, close } = await connect(redis.url);
      try {
        const sessions = new SessionManager({ store: storeOn(client), warn: () => {} });
        const crowd = new Crowd(sessions);
        crowd.start();
        await crowd.busy();
        await kill(redis);
        await crowd.refused();
        await redis.start();
        await crowd.busy();
        await crowd.stop();
        await crowd.assertHolds();
      } finally {
        await close();
      }
    });

    test("has forgotten everybody without persistence: they are signed out, which is no outage, and sign in again", async () => {
      await using redis = await startRedis();
      const { client, close } = await connect(redis.url);
      try {
        const sessions = new SessionManager({ store: storeOn(client), warn: () => {} });
        const { token: kept } = await sessions.create("ada");
        const { token: ended } = await sessions.create("ada");
        await sessions.revoke(ended.id);
        await kill(redis);
        await redis.start();
        for (const token of [kept, ended]) {
          const validation = await answered(() => sessions.validate(token));
          assert.deepEqual(validation, { ok: false, rejection: { reason: "unknown" } });
        }
        const { token } = await answered(() => sessions.create("ada"));
        assert.equal((await sessions.validate(token)).ok, true);
        assert.equal((await sessions.list("ada")).length, 1);
        assert.equal((await sessions.ready()).ready, true);
      } finally {
        await close();
      }
    });
  });
}

function storeOn(client: ConstructorParameters<typeof RedisSessionStore>[0]): RedisSessionStore {
  return new RedisSessionStore(client, { timeout: 500 });
}

async function kill({ process }: RunningRedis): Promise<void> {
  const ended = once(process, "exit");
  process.kill("SIGKILL");
  await ended;
}
