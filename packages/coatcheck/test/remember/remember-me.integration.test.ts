/** Remembered browsers in real servers: ten tabs are ten requests at once. */
import { after, before, describe } from "node:test";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { provideRedis } from "../../../../test/servers/redis.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";
import { TwoNodes } from "../stores/postgres-nodes.ts";
import { nodeRedis, TwoConnections } from "../stores/redis-clients.ts";
import { describeRememberMe } from "./promises.ts";

interface Connected {
  backend(): StoreBackend | Promise<StoreBackend>;
  close(): Promise<void>;
}

const servers: Readonly<Record<string, (used: AsyncDisposableStack) => Promise<Connected>>> = {
  PostgreSQL: async (used) => new TwoNodes({ connectionString: used.use(await providePostgres()).url }),
  Redis: async (used) => {
    const { url } = used.use(await provideRedis());
    return new TwoConnections(await nodeRedis(url), await nodeRedis(url));
  },
};

for (const [name, connect] of Object.entries(servers)) {
  describe(name, () => {
    const used = new AsyncDisposableStack();
    const backends: StoreBackend[] = [];
    let connected: Connected;
    before(async () => {
      connected = await connect(used);
    });
    after(async () => {
      for (const { close } of backends) await close();
      await connected.close();
      await used.disposeAsync();
    });

    describeRememberMe(`in ${name}`, async () => {
      const backend = await connected.backend();
      backends.push(backend);
      return backend.connect();
    });
  });
}
