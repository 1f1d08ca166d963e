import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";

describeSessionModel("SQLite", {
  runs: 100,
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
    const stores: SqliteSessionStore[] = [];
    return {
      connect() {
        const store = new SqliteSessionStore(join(folder, "sessions.db"));
        stores.push(store);
        return store;
      },
      async close() {
        for (const store of stores) await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
});
