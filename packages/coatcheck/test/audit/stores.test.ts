/** The contract of audit stores, on those that need nothing but Node. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { describeAuditStore } from "../../src/testing/audit-suite.ts";

describeAuditStore("in memory", {
  open: () => {
    const { audit } = new MemorySessionStore();
    return { connect: () => audit, close: () => {} };
  },
});

describeAuditStore("SQLite, two connections to one file", {
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
    const stores: SqliteSessionStore[] = [];
    return {
      connect: () => {
        const store = new SqliteSessionStore(join(folder, "sessions.db"));
        stores.push(store);
        return store.audit;
      },
      close: async () => {
        await Promise.all(stores.map((store) => store.close()));
        rmSync(folder, { recursive: true });
      },
    };
  },
});

describeAuditStore("SQLite, on a connection of the application", {
  open: () => {
    const db = new DatabaseSync(":memory:");
    const { audit } = new SqliteSessionStore(db);
    return { connect: () => audit, close: () => db.close() };
  },
});
