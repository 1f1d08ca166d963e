import assert from "node:assert/strict";
import { genesis } from "../../../audit/audit-store.ts";
import { beginning } from "../../record.ts";
import type { AuditCases } from "../case.ts";
import { assertIntact, assertRecords, sealAll, wholeChain } from "../expectations.ts";
import { auditRecords } from "../record.ts";

export const prune: AuditCases = {
  "removes records from the beginning of the chain up to the first that is not older than `before`, at most `batch`, and keeps the hash of the last one removed":
    async ({ store, elsewhere }) => {
      const records = auditRecords(10);
      await store.append(records);
      await sealAll(store);
      const [, , third, , , sixth] = await wholeChain(store);
      const first = await store.deleteOlder(beginning + 6, 3);
      assert.deepEqual(first, { removed: 3, start: { position: 3, hash: third!.hash } });
      await assertIntact(store, 7);
      const second = await elsewhere.deleteOlder(beginning + 6, 5);
      assert.deepEqual(second, { removed: 3, start: { position: 6, hash: sixth!.hash } });
      assert.deepEqual(await store.deleteOlder(beginning + 6, 5), { removed: 0, start: second.start });
      await assertRecords(store, records.slice(6));
      await assertIntact(store, 4);
    },

  "what is not sealed is never removed": async ({ store }) => {
    const records = auditRecords(5);
    await store.append(records);
    await store.seal(2);
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

  "the chain goes on where everything was removed": async ({ store }) => {
    await store.append(auditRecords(4));
    const { head } = await store.seal(10);
    assert.equal((await store.deleteOlder(beginning + 1_000, 10)).removed, 4);
    assert.deepEqual(await store.chain(0, 10), { start: head, head, records: [] });
    await store.append(auditRecords(2));
    assert.equal((await store.seal(10)).head.position, 6);
    await assertIntact(store, 2);
  },

  "two who remove at once remove each record once": async ({ store, elsewhere }) => {
    await store.append(auditRecords(30));
    await sealAll(store);
    const steps = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? store : elsewhere).deleteOlder(beginning + 25, 4),
      ),
    );
    assert.equal(
      steps.reduce((sum, { removed }) => sum + removed, 0),
      25,
    );
    await assertIntact(store, 5);
  },
};
