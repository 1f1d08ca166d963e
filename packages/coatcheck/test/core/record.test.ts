/** Records that are kept in this process. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frozen } from "../../src/core/record.ts";
import { fullRecord, sessionRecord } from "../../src/testing/record.ts";

describe("A record that is kept", () => {
  const full = fullRecord({ pending: { secretHash: "a", salt: "b", fingerprint: "c", startedAt: 1 } });

  test("has all of it, and nothing that it has not", () => {
    for (const record of [full, sessionRecord()]) assert.deepEqual(frozen(record), record);
  });

  test("can be changed in no part", () => {
    for (const part of partsOf(frozen(full))) assert.ok(Object.isFrozen(part), JSON.stringify(part));
  });
});

/** With itself. */
function partsOf(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(partsOf)];
}
