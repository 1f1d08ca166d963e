/** What stores promise, and the model, on caches that tell each other by memory, and on caches of one SQLite file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached } from "../../src/stores/cached.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { describeSessionModel } from "../../src/testing/model-suite.ts";
import { describeSessionStore, type StoreBackend } from "../../src/testing/store-suite.ts";
import { cachedBackend } from "./read-through.ts";
import { ToldMemory } from "./told-memory.ts";

const told = (): StoreBackend => {
  const backend = new ToldMemory();
  return cachedBackend(
    () => cached(backend.node().store),
    () => {},
  );
};

const file = (): StoreBackend => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  return cachedBackend(
    () => cached(new SqliteSessionStore(join(folder, "sessions.db"))),
    () => rmSync(folder, { recursive: true }),
  );
};

describeSessionStore("memory behind a cache", { open: told });
describeSessionModel("memory behind a cache", { open: told, runs: 200 });
describeSessionStore("SQLite behind a cache", { open: file });
describeSessionModel("SQLite behind a cache", { open: file, runs: 100 });
