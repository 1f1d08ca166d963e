import assert from "node:assert/strict";
import { genesis } from "../../../audit/audit-store.ts";
import { beginning } from "../../record.ts";
import type { AuditCases } from "../case.ts";
import { assertIntact, assertRecords, sealAll, wholeChain } from "../expectations.ts";
import { auditRecords } from "../record.ts";

export const prune: AuditCases = {
  "removes records from the beginning of the chain, each while it and the one sealed after it are older than `before`, at most `batch`, and keeps the hash of the last one removed":
    async ({ store, elsewhere }) => {
      const records = auditRecords(10);
      await store.append(records);
      await sealAll(store);
      const [, , third, , , sixth] = await wholeChain(store);
      const first = await store.deleteOlder(beginning + 7, 3);
      assert.deepEqual(first, { removed: 3, start: { position: 3, hash: third!.hash } });
      await assertIntact(store, 7);
      const second = await elsewhere.deleteOlder(beginning + 7, 5);
      assert.deepEqual(second, { removed: 3, start: { position: 6, hash: sixth!.hash } });
      assert.deepEqual(await store.deleteOlder(beginning + 7, 5), { removed: 0, start: second.start });
      await assertRecords(store, records.slice(6));
      await assertIntact(store, 4);
    },

  "so the first one left is older than `before` itself: who removes younger ones cannot show such a beginning":
    async ({ store, elsewhere }) => {
      await store.append(auditRecords(10));
      await sealAll(store);
      for (const before of [1, 2, 3, 7, 10, 1_000]) {
        await elsewhere.deleteOlder(beginning + before, 100);
        const [first] = await wholeChain(store);
        assert.equal(first!.record.at, beginning + Math.min(before, 10) - 1);
        assert.equal((await store.deleteOlder(beginning + before, 1)).removed, 0);
      }
    },

  "what is not sealed is never removed": async ({ store }) => {
    const records = auditRecords(5);
    await store.append(records);
    await store.seal(3);
    assert.equal((await store.deleteOlder(beginning + 1_000, 100)).removed, 2);
    await assertRecords(store, records.slice(2));
    await sealAll(store);
    await assertIntact(store, 3);
  },

  "a record that came late does not let younger ones before it go": async ({ store }) => {
    const [old, young] = [auditRecords(1)[0]!, auditRecords(1, { at: beginning + 1_000 })[0]!];
    await store.append([young]);
    await sealAll(store);
    await store.append([old]);
    await sealAll(store);
    assert.deepEqual(await store.deleteOlder(beginning + 500, 10), { removed: 0, start: genesis });
    await assertRecords(store, [old, young]);
  },

  "a record that came late does not let the last old one before younger ones go": async ({ store }) => {
    const times = [0, 1, 1_000, 2, 3];
    const records = times.map((after) => auditRecords(1, { at: beginning + after })[0]!);
    for (const record of records) {
      await store.append([record]);
      await sealAll(store);
    }
    assert.equal((await store.deleteOlder(beginning + 500, 10)).removed, 1);
    await assertRecords(store, records.slice(1));
  },

  "the chain goes on where everything that may go was removed": async ({ store }) => {
    await store.append(auditRecords(4));
    const { head } = await store.seal(10);
    assert.equal((await store.deleteOlder(beginning + 1_000, 10)).removed, 3);
    const { start, head: same, records } = await store.chain(0, 10);
    assert.deepEqual([start.position, same, records.length], [3, head, 1]);
    await store.append(auditRecords(2));
    assert.equal((await store.seal(10)).head.position, 6);
    await assertIntact(store, 3);
  },

  "two who remove at once remove each record once": async ({ store, elsewhere }) => {
    await store.append(auditRecords(30));
    await sealAll(store);
    const steps = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? store : elsewhere).deleteOlder(beginning + 26, 4),
      ),
    );
    assert.equal(
      steps.reduce((sum, { removed }) => sum + removed, 0),
      25,
    );
    await assertIntact(store, 5);
  },
};
