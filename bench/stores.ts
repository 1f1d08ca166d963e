/** The stores that are measured. A new store is a new row. */
import { join } from "node:path";
import type { SessionStore } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { SqliteSessionStore } from "coatcheck/sqlite";

export type StoreName = "memory" | "sqlite";

export interface StoreRow {
  readonly title: string;
  /** Where its sessions take room. */
  readonly room: "heap" | "files";
  /** Opens it empty; what it writes, it writes into this folder. */
  open(folder: string): OpenStore;
}

export type OpenStore = SessionStore & { close?(): Promise<void> };

export const stores: Readonly<Record<StoreName, StoreRow>> = {
  memory: { title: "memory", room: "heap", open: () => new MemorySessionStore() },
  sqlite: {
    title: "SQLite file",
    room: "files",
    open: (folder) => new SqliteSessionStore(join(folder, "sessions.db")),
  },
};
