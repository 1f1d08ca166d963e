/** What must be in an audit store, in the words of the promises. */
import assert from "node:assert/strict";
import { type AuditQuery, type AuditRecord, byNewest } from "../../audit/audit-record.ts";
import type { AuditStore, SealedRecord } from "../../audit/audit-store.ts";
import { verifyAudit } from "../../audit/chain.ts";
import { defaultRetention } from "../../audit/retention.ts";
import { beginning } from "../record.ts";

/** All pages of a query. */
export async function allPages(store: AuditStore, query: Partial<AuditQuery> = {}): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 1_000, "The pages do not come to an end");
    const page = await store.query({ limit: 7, ...query, ...(cursor !== undefined && { cursor }) });
    records.push(...page.records);
    if (page.next === undefined) return records;
    cursor = page.next;
  }
}

/** The store has exactly these records, in their order. */
export async function assertRecords(
  store: AuditStore,
  expected: readonly AuditRecord[],
  query: Partial<AuditQuery> = {},
): Promise<void> {
  assert.deepEqual(plain(await allPages(store, query)), plain([...expected].sort(byNewest)));
}

/** Seals until nothing is left; gives the number of each step. */
export async function sealAll(store: AuditStore, batch = 1_000): Promise<number[]> {
  const steps: number[] = [];
  for (;;) {
    const { sealed } = await store.seal(batch);
    steps.push(sealed);
    if (sealed === 0) return steps;
    assert.ok(steps.length < 1_000, "Sealing does not come to an end");
  }
}

/** The whole chain, from its first record on. */
export async function wholeChain(store: AuditStore): Promise<readonly SealedRecord[]> {
  return (await store.chain(0, 10_000)).records;
}

/** When retention may remove each record of a test. */
export const yearsLater = (): number => beginning + 2 * defaultRetention;

/** The chain holds, and has so many records. */
export async function assertIntact(store: AuditStore, length: number): Promise<void> {
  const { breaks, checked, head, start } = await verifyAudit(store, { now: yearsLater });
  assert.deepEqual(breaks, []);
  assert.equal(checked, length);
  assert.equal(head.position - start.position, length);
}

/** Frozen objects and objects without a prototype are as good as others. */
export function plain<T>(value: T): T {
  return structuredClone(value);
}
