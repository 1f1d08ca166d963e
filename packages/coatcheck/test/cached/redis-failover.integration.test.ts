/** Masters that change: another server takes over, a slot moves, and the caches are told by whoever is master now. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { createClient } from "redis";
import { freePort } from "../../../../test/servers/program.ts";
import {
  type RunningRedis,
  startClusterReplica,
  startRedisCluster,
  startRedisSentinel,
} from "../../../../test/servers/redis.ts";
import { type CachedSessionStore, cached } from "../../src/stores/cached.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import {
  ioRedisCluster,
  ioRedisSentinel,
  nodeRedisCluster,
  nodeRedisSentinel,
  type Opened,
} from "../stores/redis-clients.ts";
import { administered, SlotMove } from "../stores/redis-slot-move.ts";
import { keep, until } from "./until.ts";

/** Two nodes before the same servers, with caches that are on. */
async function twoNodes(
  t: TestContext,
  connect: () => Promise<Opened>,
): Promise<readonly [here: CachedSessionStore, there: CachedSessionStore]> {
  const opened = [await connect(), await connect()];
  const [here, there] = opened.map(({ client }) => cached(new RedisSessionStore(client, { timeout: 500 })));
  t.after(async () => {
    await Promise.all([here!.close(), there!.close()]);
    for (const { close } of opened) await close();
  });
  await until(() => here!.isOn && there!.isOn);
  return [here!, there!];
}

/** A session that is kept on one node and ends on the other is refused on the first, whose cache answers all the while. */
async function assertTold(here: CachedSessionStore, there: CachedSessionStore): Promise<void> {
  const record = sessionRecord();
  await until(() => keep(here, record).then(() => true, isPassing));
  await until(() => there.delete(record.id, "logout", record.createdAt).then(Boolean, isPassing));
  await until(() => here.recent(record.id) === undefined);
}

/** While another server takes over, commands fail and caches are off. */
function isPassing(): boolean {
  return false;
}

for (const [name, connect] of Object.entries({ "node-redis": nodeRedisSentinel, ioredis: ioRedisSentinel })) {
  describe(`Caches behind Sentinel, through ${name}`, () => {
    test("are off while nobody is master, and are told by the replica that takes over", async (t) => {
      await using sentinel = await startRedisSentinel();
      const [here, there] = await twoNodes(t, () => connect(sentinel));
      await assertTold(here, there);
      await keep(here, sessionRecord());
      await sentinel.master.stop();
      await until(() => !here.isOn);
      assert.equal(here.size, 0);
      await assertTold(here, there);
    });

    test("keep nothing of what ends while a master that lives gives way to its replica", async (t) => {
      await using sentinel = await startRedisSentinel();
      const [here, there] = await twoNodes(t, () => connect(sentinel));
      const records = Array.from({ length: 20 }, () => sessionRecord());
      for (const record of records) await keep(here, record);
      const command = ["SENTINEL", "FAILOVER", sentinel.name];
      // It takes a moment to know that the replica is sound.
      await until(() => told(`redis://127.0.0.1:${sentinel.port}`, ...command).then(isDone, isPassing));
      for (const record of records) {
        await until(() => there.delete(record.id, "logout", record.createdAt).then(isDone, isPassing));
        await until(() => here.recent(record.id) === undefined);
      }
      // Who becomes master closes all connections.
      await until(() => isMaster(sentinel.replica));
      await assertTold(here, there);
    });
  });
}

test("A cache that is closed while no sentinel answers leaves nothing behind that would go on trying", async () => {
  const program = `
    import { Redis } from "ioredis";
    import { cached } from ${JSON.stringify(import.meta.resolve("../../src/stores/cached.ts"))};
    import { RedisSessionStore } from ${JSON.stringify(import.meta.resolve("../../src/stores/redis.ts"))};
    const sentinels = [{ host: "127.0.0.1", port: ${await freePort()} }];
    const client = new Redis({ name: "coatcheck", sentinels }).on("error", () => {});
    const cache = cached(new RedisSessionStore(client, { timeout: 100 }), { maxStaleness: 100 });
    await cache.prove();
    await cache.close();
    client.disconnect();`;
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
});

for (const [name, connect] of Object.entries({ "node-redis": nodeRedisCluster, ioredis: ioRedisCluster })) {
  describe(`Caches before a cluster, through ${name}`, () => {
    test("are told by the master that a slot has moved to, and stay on", async (t) => {
      await using cluster = await startRedisCluster();
      const masters = await Promise.all(cluster.masters.map(administered));
      t.after(() => masters.forEach((master) => void master.close()));
      const [here, there] = await twoNodes(t, () => connect(cluster));
      const record = sessionRecord();
      await keep(here, record);
      const move = await SlotMove.of(record.userId, masters);
      await move.finish();
      await until(() => here.find(record.id).then(Boolean, isPassing));
      assert.ok(here.recent(record.id), "It is kept as the new master has it");
      await there.delete(record.id, "logout", record.createdAt);
      await until(() => here.recent(record.id) === undefined);
      assert.equal(here.isOn, true);
    });

    for (const [fate, way] of Object.entries({ "gives way to": [], "is lost, to": ["FORCE"] })) {
      test(`are told by the replica that a master ${fate}`, async (t) => {
        await using cluster = await startRedisCluster();
        const [here, there] = await twoNodes(t, () => connect(cluster));
        const records = ["ada", "bob", "eve", "mallory", "trent", "victor"].map((userId) =>
          sessionRecord({ userId }),
        );
        for (const record of records) await keep(here, record);
        const [, master] = cluster.masters;
        await using replica = await startClusterReplica(cluster, master!);
        if (way.length > 0) await master!.stop();
        await told(replica.url, "CLUSTER", "FAILOVER", ...way);
        await until(() => isMaster(replica));
        for (const record of records) {
          await until(() => there.delete(record.id, "logout", record.createdAt).then(isDone, isPassing));
          await until(() => here.recent(record.id) === undefined);
        }
        await assertTold(here, there);
      });
    }
  });
}

/** The session may have been lost with its master: Redis answers before its replicas have heard. */
function isDone(): boolean {
  return true;
}

function isMaster({ url }: RunningRedis): Promise<boolean> {
  return told(url, "ROLE").then(([role]) => role === "master", isPassing);
}

async function told(url: string, ...command: string[]): Promise<string[]> {
  // Whoever becomes master closes all connections: that is an answer of the command, and an error that nobody hears.
  const client = await createClient({ url })
    .on("error", () => {})
    .connect();
  try {
    return (await client.sendCommand(command)) as unknown as string[];
  } finally {
    client.destroy();
  }
}
