import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../../test/fuzz/property.ts";
import type { SessionRecord } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { RecordTable } from "../../src/stores/cached/record-table.ts";
import { sessionRecord } from "../../src/testing/record.ts";

/** A few end alike, and so want the same place; the others want places beside each other, around the end of the table. */
const ids = fc
  .tuple(fc.nat(2), fc.nat(31))
  .map(([number, end]) => `${"0".repeat(18)}${number}aaaaa${String.fromCharCode(64 + end)}` as SessionId);

const steps = fc.array(fc.tuple(fc.constantFrom("set", "delete"), ids), { maxLength: 200 });

function byId(records: Iterable<SessionRecord>): SessionRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe("A table of records", () => {
  test(
    "has what was put into it last under each id, and nothing that was taken out",
    holds(
      fc.property(steps, (taken) => {
        const table = new RecordTable();
        const map = new Map<SessionId, SessionRecord>();
        for (const [step, id] of taken) {
          if (step === "set") {
            const record = sessionRecord({ id });
            table.set(record);
            map.set(id, record);
          } else {
            table.delete(id);
            map.delete(id);
          }
          assert.equal(table.get(id), map.get(id));
        }
        assert.equal(table.size, map.size);
        assert.deepEqual(byId(table.values()), byId(map.values()));
        for (const [id, record] of map) assert.equal(table.get(id), record);
        table.clear();
        assert.deepEqual([table.size, table.values()], [0, []]);
      }),
      { runs: 1_000 },
    ),
  );

  test("has any number of them", () => {
    const table = new RecordTable();
    const records = Array.from({ length: 10_000 }, () => sessionRecord());
    for (const record of records) table.set(record);
    assert.equal(table.size, records.length);
    for (const record of records) assert.equal(table.get(record.id), record);
    for (const { id } of records) table.delete(id);
    assert.equal(table.size, 0);
  });
});
