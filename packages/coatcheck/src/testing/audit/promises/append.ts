import assert from "node:assert/strict";
import { beginning } from "../../record.ts";
import type { AuditCases } from "../case.ts";
import { assertIntact, assertRecords, sealAll } from "../expectations.ts";
import { auditRecord, auditRecords, fullAuditRecord } from "../record.ts";

export const append: AuditCases = {
  "where audit records live": async ({ store, elsewhere }) => {
    const records = [fullAuditRecord(), auditRecord({ at: beginning + 1 })];
    await store.append(records);
    await assertRecords(store, records);
    await assertRecords(elsewhere, records);
  },

  "adds records, all or none": async ({ store }) => {
    const unwritable = auditRecord({ details: { toJSON: () => assert.fail("cannot be written") } });
    await assert.rejects(store.append([fullAuditRecord(), unwritable, auditRecord()]));
    await assertRecords(store, []);
  },

  "one that is there already stays as it is: a batch may be sent again": async ({ store, elsewhere }) => {
    const [first, second] = auditRecords(2, { userId: "ada" });
    await store.append([first!]);
    await elsewhere.append([{ ...first!, userId: "eve" }, second!]);
    await assertRecords(store, [first!, second!]);
    await sealAll(store);
    await elsewhere.append([first!, second!]);
    await assertRecords(store, [first!, second!]);
    assert.equal((await store.seal(10)).sealed, 0);
    await assertIntact(store, 2);
  },

  "an empty batch adds nothing": async ({ store }) => {
    await store.append([]);
    await assertRecords(store, []);
  },

  "every text is kept as it is, and in its own field": async ({ store }) => {
    const texts = ["", "null", "0", "a\0b", "\\0", "a\\", "quote \" and '", "\u2028\r\n\u001b[31m", "Ж 🧥"];
    const records = texts.map((text, index) =>
      fullAuditRecord({
        at: beginning + index,
        userId: text,
        event: `event ${text}`,
        reason: text,
        correlationId: text,
        client: { userAgent: text },
        details: { [`key ${text}`]: text },
      }),
    );
    await store.append(records);
    await assertRecords(store, records);
    for (const record of records) await assertRecords(store, [record], { event: record.event });
    await sealAll(store);
    await assertIntact(store, texts.length);
  },

  "what a record does not have, it does not get": async ({ store }) => {
    const record = auditRecord();
    await store.append([record]);
    const { records } = await store.query({ limit: 1 });
    assert.deepEqual(Object.keys(records[0]!).sort(), ["at", "event", "id"]);
  },
};
