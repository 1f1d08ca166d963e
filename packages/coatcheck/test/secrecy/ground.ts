/** The stores that a run stands on, and what can be read in them by whoever has a copy. */
import { type Dump, dumpSqlite, leavesOf } from "../../../../test/secrecy/dump.ts";
import type { AuditStore } from "../../src/audit/audit-store.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";

export interface Ground {
  readonly store: SessionStore;
  readonly audit: AuditStore;
  /** All that is at rest. */
  dump(): Promise<Dump>;
  /** From now on the backend fails. */
  fail(): Promise<void>;
  close(): Promise<void>;
}

/** Nothing of it can be read but what it gives back. */
export function onMemory(): Ground {
  const store = new MemorySessionStore();
  return {
    store,
    audit: store.audit,
    dump: async () => {
      const records = [
        ...(await Promise.all(users.map((user) => store.findByUser(user)))),
        ...(await Promise.all(users.map((user) => store.remember.findByUser(user)))),
        (await store.audit.query({ limit: 10_000 })).records,
      ].flat();
      return { contents: [JSON.stringify(records)], rows: records.map(leavesOf) };
    },
    fail: async () => {
      for (const port of [store, store.remember, store.throttle]) breakAll(port);
    },
    close: async () => {},
  };
}

/** Those of whom something stays. */
const users = ["ada", "bob", "eve", "grace", "heidi", "ivan", "olivia"];

function breakAll(port: object): void {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(port));
  for (const method of methods.filter((name) => name !== "constructor" && name !== "recent")) {
    Object.defineProperty(port, method, {
      value: async () => {
        throw new Error("The memory is gone");
      },
    });
  }
}

export function onSqlite(path: string): Ground {
  const store = new SqliteSessionStore(path);
  return {
    store,
    audit: store.audit,
    dump: async () => dumpSqlite(path),
    fail: () => store.close(),
    close: () => store.close(),
  };
}
