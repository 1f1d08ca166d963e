import assert from "node:assert/strict";
import { genesis } from "../../../audit/audit-store.ts";
import { sealAfter, verifyAudit } from "../../../audit/chain.ts";
import { beginning } from "../../record.ts";
import type { AuditCases } from "../case.ts";
import { assertIntact, plain, sealAll, wholeChain } from "../expectations.ts";
import { auditRecord, auditRecords, fullAuditRecord } from "../record.ts";

export const seal: AuditCases = {
  "adds the oldest of the unsealed records, at most `batch`, to the end of the chain": async ({ store }) => {
    const records = auditRecords(5);
    await store.append([...records].reverse());
    const first = await store.seal(3);
    assert.equal(first.sealed, 3);
    assert.equal(first.head.position, 3);
    const second = await store.seal(3);
    assert.equal(second.sealed, 2);
    assert.deepEqual(await store.seal(3), { sealed: 0, head: second.head });
    const chain = await wholeChain(store);
    assert.deepEqual(plain(chain.map(({ record }) => record)), records);
    assert.deepEqual(
      chain.map(({ position }) => position),
      [1, 2, 3, 4, 5],
    );
  },

  "each record is sealed once, however late it was added and however many seal at once": async ({
    store,
    elsewhere,
  }) => {
    const late = auditRecords(40, { at: beginning - 1_000 });
    await store.append(auditRecords(40));
    await sealAll(store, 15);
    const nodes = [store, elsewhere];
    const work = Array.from({ length: 40 }, async (_, index) => {
      const node = nodes[index % 2]!;
      await node.append([late[index]!]);
      await node.seal(3);
    });
    await Promise.all(work);
    await sealAll(elsewhere, 7);
    const chain = await wholeChain(store);
    assert.equal(new Set(chain.map(({ record }) => record.id)).size, 80);
    await assertIntact(store, 80);
  },

  "a chain is the same in every store: its hashes are those of the rule": async ({ store }) => {
    await store.append([fullAuditRecord(), auditRecord({ at: beginning + 1 })]);
    await sealAll(store);
    let last = genesis;
    for (const { record, position, hash } of await wholeChain(store)) {
      last = sealAfter(last, record);
      assert.deepEqual({ position, hash }, last);
    }
  },

  "where there is nothing to seal, nothing changes": async ({ store }) => {
    assert.deepEqual(await store.seal(10), { sealed: 0, head: genesis });
    assert.deepEqual(await store.chain(0, 10), { start: genesis, head: genesis, records: [] });
    assert.equal((await verifyAudit(store)).intact, true);
  },
};

export const chain: AuditCases = {
  "gives the sealed records after `position` in the order of the chain, at most `limit`, and the ends of the chain":
    async ({ store, elsewhere }) => {
      const records = auditRecords(10);
      await store.append(records);
      const { head } = await store.seal(8);
      const part = await elsewhere.chain(2, 3);
      assert.deepEqual(plain(part.records.map(({ record }) => record)), records.slice(2, 5));
      assert.deepEqual(part.start, genesis);
      assert.deepEqual(part.head, head);
      const end = await elsewhere.chain(8, 3);
      assert.deepEqual(end, { start: genesis, head, records: [] });
    },

  "`-Infinity` is before every position that a row can have": async ({ store }) => {
    await store.append(auditRecords(3));
    await sealAll(store);
    assert.deepEqual(await store.chain(Number.NEGATIVE_INFINITY, 10), await store.chain(0, 10));
    assert.equal((await store.chain(Number.NEGATIVE_INFINITY, 10)).records.length, 3);
  },
};
