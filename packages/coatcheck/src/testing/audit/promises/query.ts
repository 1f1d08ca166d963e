import assert from "node:assert/strict";
import type { AuditRecord } from "../../../audit/audit-record.ts";
import { beginning } from "../../record.ts";
import type { AuditCases } from "../case.ts";
import { allPages, assertRecords, sealAll } from "../expectations.ts";
import { auditRecord, auditRecords } from "../record.ts";

export const query: AuditCases = {
  "gives the records that fit, the newest first, at most `limit`": async ({ store }) => {
    const records = shuffled([
      ...auditRecords(9, { userId: "ada", event: "created", sessionId: "one" }),
      ...auditRecords(9, { userId: "ada", event: "revoked", sessionId: "two" }),
      ...auditRecords(9, { userId: "bob", event: "created", sessionId: "three" }),
      ...auditRecords(9, { event: "rejected", sessionId: "one" }),
    ]);
    await store.append(records);
    await store.seal(20);
    const [from, to] = [beginning + 2, beginning + 7];
    const within = ({ at }: AuditRecord) => at >= from && at < to;
    const asked: [Partial<AuditRecord>, readonly AuditRecord[]][] = [
      [{}, records],
      [{ userId: "ada" }, records.filter(({ userId }) => userId === "ada")],
      [{ event: "created" }, records.filter(({ event }) => event === "created")],
      [{ sessionId: "one" }, records.filter(({ sessionId }) => sessionId === "one")],
      [
        { userId: "ada", event: "revoked" },
        records.filter(({ userId, event }) => userId === "ada" && event === "revoked"),
      ],
      [{ userId: "ada", event: "revoked", sessionId: "one" }, []],
      [{ userId: "nobody" }, []],
    ];
    for (const [filter, expected] of asked) {
      await assertRecords(store, expected, filter);
      await assertRecords(store, expected.filter(within), { ...filter, from, to });
    }
    const { records: page } = await store.query({ limit: 5 });
    assert.equal(page.length, 5);
  },

  "pages follow each other without a gap and without a repetition, whatever is added meanwhile": async ({
    store,
    elsewhere,
  }) => {
    const records = auditRecords(20, { userId: "ada" });
    await store.append(shuffled(records));
    const seen: AuditRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.query({ userId: "ada", limit: 3, ...(cursor && { cursor }) });
      seen.push(...page.records);
      cursor = page.next;
      await elsewhere.append(auditRecords(2, { userId: "ada", at: beginning + 1_000 + seen.length }));
      await elsewhere.seal(4);
    } while (cursor);
    assert.deepEqual(
      seen.map(({ id }) => id),
      records.map(({ id }) => id).reverse(),
    );
  },

  "records of the same millisecond are all on some page": async ({ store }) => {
    const records = Array.from({ length: 30 }, () => auditRecord());
    await store.append(records);
    await assertRecords(store, records, { limit: 4 });
    await assertRecords(store, records, { limit: 30 });
  },

  "the last page leads nowhere": async ({ store }) => {
    await store.append(auditRecords(6));
    assert.notEqual((await store.query({ limit: 5 })).next, undefined);
    assert.equal((await store.query({ limit: 6 })).next, undefined);
    assert.equal((await store.query({ limit: 7 })).next, undefined);
  },

  "`from` is included and `to` is not": async ({ store }) => {
    const records = auditRecords(3);
    await store.append(records);
    await assertRecords(store, [records[1]!], { from: beginning + 1, to: beginning + 2 });
  },

  "a cursor that is none is a TypeError, and asks the backend nothing": async ({ store }) => {
    for (const cursor of ["", "1", "x.y", "1.a b", "1.'; --", ".a", "1.a.b"]) {
      await assert.rejects(store.query({ limit: 1, cursor }), TypeError, cursor);
    }
  },

  "sealed or not, a record is found": async ({ store }) => {
    const records = auditRecords(10);
    await store.append(records);
    const before = await allPages(store);
    await store.seal(5);
    assert.deepEqual(await allPages(store), before);
    await sealAll(store);
    assert.deepEqual(await allPages(store), before);
  },
};

function shuffled<T>(items: readonly T[]): T[] {
  return [...items.keys()].sort((a, b) => ((a * 7919) % 101) - ((b * 7919) % 101)).map((key) => items[key]!);
}
