import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { migrateAccounts } from "../../src/accounts/sqlite-accounts-schema.ts";
import { openDatabase } from "../../src/database.ts";
import { SqliteFigures } from "../../src/figures/sqlite-figures.ts";
import { describeFigureStore } from "./figure-store-suite.ts";

describeFigureStore("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-figures-"));
  const opened: DatabaseSync[] = [];
  return {
    connect: async () => {
      const database = openDatabase(join(folder, "coatcheck.db"));
      opened.push(database);
      migrateAccounts(database);
      return new SqliteFigures(database);
    },
    close: async () => {
      for (const database of opened) database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
