/** The contract of stores on PostgreSQL: directly, through PgBouncer, and under the strictest isolation. */
import { after, before, describe } from "node:test";
import type { PoolConfig } from "pg";
import { providePostgres, startPgBouncer } from "../../../../test/servers/postgres.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
import { describeSessionStore } from "../../src/testing/store-suite.ts";
import { TwoNodes } from "./postgres-nodes.ts";
import { rememberedIn } from "./remembered.ts";

const ways: Readonly<Record<string, (url: string, used: AsyncDisposableStack) => Promise<PoolConfig>>> = {
  PostgreSQL: async (url) => ({ connectionString: url }),
  "PostgreSQL behind PgBouncer in transaction mode": async (url, used) => ({
    connectionString: used.use(await startPgBouncer(url)).url,
  }),
  "PostgreSQL where every transaction is serializable by default": async (url) => ({
    connectionString: url,
    options: "-c default_transaction_isolation=serializable",
  }),
};

for (const [name, connect] of Object.entries(ways)) {
  describe(name, () => {
    const used = new AsyncDisposableStack();
    let nodes: TwoNodes;
    before(async () => {
      const { url } = used.use(await providePostgres());
      nodes = new TwoNodes(await connect(url, used));
      used.defer(() => nodes.close());
    });
    after(() => used.disposeAsync());

    describeSessionStore(name, { open: () => nodes.backend() });
    describeRememberStore(name, { open: rememberedIn(() => nodes.backend()) });
    if (name === "PostgreSQL") describeSessionModel(name, { open: () => nodes.backend(), runs: 50 });
  });
}
