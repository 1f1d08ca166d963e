/** SQLite files that a test has for itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";

/** A store on a file of its own, for one test. */
export function openStore(t: TestContext): { readonly store: SqliteSessionStore; readonly path: string } {
  const path = join(folder(t), "sessions.db");
  const store = new SqliteSessionStore(path);
  t.after(() => store.close());
  return { store, path };
}

export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "coatcheck-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}
