import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { nearly, wildText, wildValue } from "../../../../test/fuzz/texts.ts";
import { cursorAfter, endOfTime, parseCursor } from "../../src/audit/audit-record.ts";
import { SessionData } from "../../src/core/data.ts";
import { InvalidDataError } from "../../src/core/errors.ts";
import { flashChange, flashIn } from "../../src/core/flash.ts";
import { mergeData, type SessionRecord } from "../../src/core/store.ts";
import { toRow } from "../../src/stores/postgres/row.ts";
import { textOf, toFound } from "../../src/stores/redis/session-text.ts";
import * as sqlite from "../../src/stores/sqlite/row.ts";
import { fullRecord, sessionRecord } from "../../src/testing/record.ts";
import { readRow } from "../stores/postgres-row.ts";

/** In no error may stand what is in a row: it is somebody's. */
const canary = "canary-7f3a";

const dataTexts = fc
  .dictionary(fc.oneof(wildText, fc.constant("__proto__")), wildValue, { maxKeys: 4, noNullPrototype: true })
  .chain((data) => fc.constantFrom({}, { padding: "x".repeat(3_000) }).map((more) => ({ ...data, ...more })))
  .map((data) => JSON.stringify(data));
const times = fc.integer({ min: -endOfTime, max: endOfTime });
const clients = fc.record(
  { ip: wildText, userAgent: wildText, language: wildText },
  { requiredKeys: [], noNullPrototype: true },
);

const records: fc.Arbitrary<SessionRecord> = fc
  .record({
    userId: wildText,
    createdAt: times,
    authenticatedAt: times,
    lastSeenAt: times,
    expiresAt: times,
    amr: fc.array(wildText, { maxLength: 3 }),
    client: clients,
    data: dataTexts,
    dataVersion: fc.nat(),
    dataRevision: fc.nat(),
    isFull: fc.boolean(),
  })
  .map(({ isFull, ...fields }) => (isFull ? fullRecord(fields) : sessionRecord(fields)));

interface Keeper {
  /** What the backend is given of a record, as it gives it back. */
  write(record: SessionRecord): readonly unknown[];
  read(kept: readonly unknown[], id: SessionRecord["id"]): unknown;
}

const keepers: Readonly<Record<string, Keeper>> = {
  Redis: {
    write: (record) => [textOf(record)],
    read: ([text], id) => toFound(id, text),
  },
  PostgreSQL: {
    write: (record) => toRow(record),
    read: readRow,
  },
  SQLite: {
    write: sqlite.toRow,
    read: (kept) => sqlite.toRecord(kept as never),
  },
};

for (const [backend, { write, read }] of Object.entries(keepers)) {
  describe(`a session in ${backend}`, () => {
    test(
      "is read as it was written, whatever texts are in it",
      holds(
        fc.property(records, (record) => {
          const { data, ...others } = read(write(record), record.id) as SessionRecord;
          const { data: written, ...expected } = record;
          assert.deepEqual(others, expected);
          assert.deepEqual(JSON.parse(data), JSON.parse(written));
        }),
      ),
    );

    test(
      "that was damaged is read as something, or is an error that shows nothing of it",
      holds(
        fc.property(
          fc.nat(),
          fc.oneof(wildText, nearly(dataTexts)),
          fc.boolean(),
          (place, damage, isInside) => {
            const record = fullRecord({ userId: canary, data: `{"theme":"${canary}","note":"\\u0000"}` });
            const kept = [...write(record)];
            const at = place % kept.length;
            const text = String(kept[at]);
            kept[at] = isInside
              ? text.slice(0, place % text.length) + damage + text.slice(place % text.length)
              : damage;
            try {
              read(kept, record.id);
            } catch (error) {
              assert.match((error as Error).message, /damaged/);
              assert.ok(!(error as Error).message.includes(canary));
            }
          },
        ),
        { runs: 1_000 },
      ),
    );
  });
}

describe("the data of a session", () => {
  const data = new SessionData<Record<string, unknown>>();
  const carried = fc.record({
    values: fc.dictionary(fc.oneof(wildText, fc.constant("__proto__")), wildValue, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    messages: fc.dictionary(wildText, wildText, { maxKeys: 2, noNullPrototype: true }),
  });

  test(
    "begins with whatever a visitor carried: a sign-in never fails for what came from outside",
    holds(
      fc.property(carried, (given) => {
        const { text, dropped } = data.start({ theme: "dark" }, given);
        const { data: read, issues } = data.read(sessionRecord({ data: text }));
        assert.equal(issues, undefined);
        const { theme: _, ...values } = given.values;
        assert.deepEqual(Object.keys(read).sort(), ["theme", ...Object.keys(values)].sort());
        assert.deepEqual(dropped, []);
        for (const [name, message] of Object.entries(given.messages))
          assert.equal(flashIn(text, name), message);
      }),
    ),
  );

  // Proves ASVS 15.3.6.
  test(
    "is merged key by key, whatever the keys are called",
    holds(
      fc.property(dataTexts, fc.oneof(wildText, fc.constant("__proto__")), wildValue, (text, key, value) => {
        const merged = JSON.parse(mergeData(text, new Map([[key, JSON.stringify(value)]])));
        assert.deepEqual(
          Object.entries(merged).find(([name]) => name === key)?.[1],
          JSON.parse(JSON.stringify(value)),
        );
        const removed = JSON.parse(mergeData(text, new Map([[key, undefined]])));
        assert.equal(Object.hasOwn(removed, key), false);
        assert.equal(Object.getPrototypeOf(removed), Object.prototype);
      }),
    ),
  );

  test(
    "that is no JSON is refused by an InvalidDataError",
    holds(
      fc.property(fc.anything(), (value) => {
        try {
          JSON.parse(data.start({ value }).text);
        } catch (error) {
          assert.ok(error instanceof InvalidDataError, String(error));
        }
      }),
    ),
  );

  test(
    "has one-time messages under any name",
    holds(
      fc.property(dataTexts, wildText, wildText, (text, name, message) => {
        const left = mergeData(text, flashChange(name, message));
        assert.equal(flashIn(left, name), message);
        assert.equal(flashIn(mergeData(left, flashChange(name, undefined)), name), undefined);
      }),
    ),
  );
});

describe("a cursor of the audit", () => {
  const ids = fc.string({ unit: fc.constantFrom(..."AZaz09-_"), minLength: 1, maxLength: 64 });

  test(
    "leads to where it was made, and nothing else is one",
    holds(
      fc.property(times, ids, nearly(fc.constant("1900000000000.abc")), wildText, (at, id, near, text) => {
        assert.deepEqual(parseCursor(cursorAfter({ at, id })), { at: at + 0, id });
        for (const each of [near, text]) {
          const key = parseCursor(each);
          if (key) assert.ok(Number.isInteger(key.at) && /^[\w-]{1,64}$/.test(key.id));
        }
      }),
      { runs: 1_000 },
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    assertLinear(parseCursor, pumpsOf("1", "-", ".", "a", "1.", "\u00a0"));
  });
});
