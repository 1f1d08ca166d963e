/** The contract of audit stores as tests: one call proves that a store keeps every promise of the port. */
import { describe, test } from "node:test";
import type { AuditStore } from "../audit/audit-store.ts";
import type { AuditCase, AuditCases } from "./audit/case.ts";
import { append } from "./audit/promises/append.ts";
import { prune } from "./audit/promises/prune.ts";
import { query } from "./audit/promises/query.ts";
import { chain, seal } from "./audit/promises/seal.ts";

/** Everything that an audit store promises: what about, in which words, and the proof. */
export const auditPromises: Readonly<Record<string, AuditCases>> = {
  append,
  query,
  seal,
  chain,
  deleteOlder: prune,
};

/** A backend without audit records. */
export interface AuditBackend {
  /** Connects a store to it, each time another one where the backend allows it: races are run across them. */
  connect(): AuditStore | Promise<AuditStore>;
  /** Disconnects all stores and forgets the backend. */
  close(): void | Promise<void>;
}

/** An audit store under test. */
export interface AuditStoreUnderTest {
  /** Makes a backend of its own for each test. */
  readonly open: () => AuditBackend | Promise<AuditBackend>;
}

/** Tests an audit store: `describeAuditStore("SQLite", { open })`, in a file that `node --test` runs. */
export function describeAuditStore(name: string, { open }: AuditStoreUnderTest): void {
  describe(`The audit store ${name}`, () => {
    for (const [about, cases] of Object.entries(auditPromises)) {
      describe(about, () => {
        for (const [promise, prove] of Object.entries(cases))
          test(promise, () => onAuditBackend(open, prove));
      });
    }
  });
}

/** Proves one promise on a backend of its own. */
export async function onAuditBackend(open: AuditStoreUnderTest["open"], prove: AuditCase): Promise<void> {
  const backend = await open();
  try {
    await prove({ store: await backend.connect(), elsewhere: await backend.connect() });
  } finally {
    await backend.close();
  }
}
