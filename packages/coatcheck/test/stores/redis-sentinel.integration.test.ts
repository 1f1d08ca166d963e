/** Sentinel: another server takes over, and the sessions go on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "redis";
import { startRedisSentinel } from "../../../../test/servers/redis.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { answered, ioRedisSentinel, nodeRedisSentinel } from "./redis-clients.ts";

test("when the master fails, the sessions go on at its replica, through either client", async () => {
  await using sentinel = await startRedisSentinel();
  const opened = [await nodeRedisSentinel(sentinel), await ioRedisSentinel(sentinel)];
  try {
    const nodes = opened.map(({ client }, index) => {
      const store = new RedisSessionStore(client, { timeout: 500, prefix: `${index}:` });
      return new SessionManager({ store, warn: () => {} });
    });
    const before = await Promise.all(nodes.map((sessions) => signInTwiceAndOut(sessions)));
    await replicated(sentinel.master.url);
    await sentinel.master.stop();

    for (const [index, sessions] of nodes.entries()) {
      const { kept, ended } = before[index]!;
      assert.equal((await answered(() => sessions.validate(kept))).ok, true);
      const { token: another } = await answered(() => sessions.create("ada"));
      assert.equal((await sessions.validate(another)).ok, true);
      assert.equal((await sessions.validate(ended)).ok, false);
      assert.equal(await sessions.revokeAll("ada"), 2);
      assert.equal((await sessions.ready()).ready, true);
    }
  } finally {
    for (const { close } of opened) await close();
  }
});

async function signInTwiceAndOut(sessions: SessionManager) {
  const { token: kept } = await sessions.create("ada");
  const { token: ended } = await sessions.create("ada");
  await sessions.revoke(ended.id, { reason: "logout" });
  return { kept, ended };
}

/** Redis answers before its replicas have heard of it. */
async function replicated(url: string): Promise<void> {
  const client = await createClient({ url }).connect();
  await client.wait(1, 5_000);
  client.destroy();
}
