/** The contract of stores on one Redis server, through either client. */
import { after, before, describe } from "node:test";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
import { describeSessionStore } from "../../src/testing/store-suite.ts";
import { ioRedis, nodeRedis, TwoConnections } from "./redis-clients.ts";
import { rememberedIn } from "./remembered.ts";

for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
  describe(name, () => {
    const used = new AsyncDisposableStack();
    let connections: TwoConnections;
    before(async () => {
      const { url } = used.use(await provideRedis());
      connections = new TwoConnections(await connect(url), await connect(url));
    });
    after(async () => {
      await connections.close();
      await used.disposeAsync();
    });

    describeSessionStore(`Redis through ${name}`, { open: () => connections.backend() });
    describeRememberStore(`Redis through ${name}`, { open: rememberedIn(() => connections.backend()) });
    describeSessionModel(`Redis through ${name}`, { open: () => connections.backend(), runs: 50 });
  });
}
