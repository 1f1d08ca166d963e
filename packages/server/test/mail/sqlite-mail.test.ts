import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { SqliteAccounts } from "../../src/accounts/sqlite-accounts.ts";
import { openDatabase } from "../../src/database.ts";
import { SqliteMail } from "../../src/mail/sqlite-mail.ts";
import { describeMailStore } from "./mail-store-suite.ts";

describeMailStore("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-mail-"));
  const opened: DatabaseSync[] = [];
  return {
    connect: async () => {
      const database = openDatabase(join(folder, "coatcheck.db"));
      opened.push(database);
      return { accounts: new SqliteAccounts(database), mail: new SqliteMail(database) };
    },
    close: async () => {
      for (const database of opened) database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
