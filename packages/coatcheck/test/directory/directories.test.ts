/** The contract of directories, on those that need nothing but Node. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { describeProjectedDirectory, describeSessionDirectory } from "../../src/testing/directory-suite.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";
import { notedIn } from "./noted.ts";

describeSessionDirectory("SQLite, two connections to one file", {
  open: () => onOneFile((store) => ({ store, directory: store.directory })),
});

describeSessionDirectory("SQLite, for sessions that live elsewhere", {
  open: () => {
    const db = new DatabaseSync(":memory:");
    const on = notedIn(new SqliteSessionStore(db).projection);
    return { connect: () => on, close: () => db.close() };
  },
});

describeProjectedDirectory("SQLite, two connections to one file", {
  open: () => onOneFile(({ projection }) => projection),
});

function onOneFile<S>(part: (store: SqliteSessionStore) => S): StoreBackend<S> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  const stores: SqliteSessionStore[] = [];
  return {
    connect: () => {
      const store = new SqliteSessionStore(join(folder, "sessions.db"));
      stores.push(store);
      return part(store);
    },
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
      rmSync(folder, { recursive: true });
    },
  };
}
