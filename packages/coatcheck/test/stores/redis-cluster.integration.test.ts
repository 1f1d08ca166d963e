/** The contract of stores on a cluster of three masters, through either client. */
import { after, before, describe } from "node:test";
import { type RunningCluster, startRedisCluster } from "../../../../test/servers/redis.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
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

      describeSessionStore(`Redis Cluster through ${name}`, { open: () => connections.backend() });
      describeRememberStore(`Redis Cluster through ${name}`, {
        open: rememberedIn(() => connections.backend()),
      });
      describeSessionModel(`Redis Cluster through ${name}`, { open: () => connections.backend(), runs: 100 });
    });
  }
});
