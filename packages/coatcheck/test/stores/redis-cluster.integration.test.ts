/** The contract of stores on a cluster of three masters, through either client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type RunningCluster, startRedisCluster } from "../../../../test/servers/redis.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
import { insertAll } from "../../src/testing/store/expectations.ts";
import { describeSessionStore } from "../../src/testing/store-suite.ts";
import { ioRedisCluster, nodeRedisCluster, TwoConnections } from "./redis-clients.ts";
import { rememberedIn } from "./remembered.ts";

describe("A Redis cluster", () => {
  let cluster: RunningCluster;
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  for (const [name, connect] of Object.entries({ "node-redis": nodeRedisCluster, ioredis: ioRedisCluster })) {
    describe(name, () => {
      let connections: TwoConnections;
      before(async () => {
        connections = new TwoConnections(await connect(cluster), await connect(cluster));
      });
      after(() => connections.close());

      test("finds the sessions of many users in one turn of the event loop, on whichever masters they are", async () => {
        const { client, close } = await connect(cluster);
        const store = new RedisSessionStore(client);
        const users = Array.from({ length: 20 }, (_, number) => `user-${number}`);
        const records = users.flatMap((userId) => [sessionRecord({ userId }), sessionRecord({ userId })]);
        await insertAll(store, records, beginning);
        assert.deepEqual(await Promise.all(records.map(({ id }) => store.find(id))), records);
        await close();
      });

      describeSessionStore(`Redis Cluster through ${name}`, { open: () => connections.backend() });
      describeRememberStore(`Redis Cluster through ${name}`, {
        open: rememberedIn(() => connections.backend()),
      });
      describeSessionModel(`Redis Cluster through ${name}`, { open: () => connections.backend(), runs: 50 });
    });
  }
});
