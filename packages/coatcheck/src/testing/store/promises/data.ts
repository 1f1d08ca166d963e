import assert from "node:assert/strict";
import { dataText } from "../../../core/store.ts";
import { beginning, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../case.ts";
import { assertKept, entriesOf, insertAll, sessionIn } from "../expectations.ts";

const now = beginning;

export const data: StoreCases = {
  "merged key by key into the data. Advances `dataRevision`": async ({ store, elsewhere }) => {
    const record = sessionRecord({ data: '{"kept":1,"changed":2,"removed":3}' });
    await insertAll(store, [record], now);
    const change = new Map([
      ["changed", '{"kept":false}'],
      ["removed", undefined],
      ["added", "[1,2]"],
      ["never there", undefined],
    ]);
    assert.equal(await elsewhere.update(record.id, { data: change }, now), true);
    const merged = '{"kept":1,"changed":{"kept":false},"added":[1,2]}';
    await assertKept(store, { ...record, data: merged, dataRevision: 1 });
  },

  "a change of no key is a change": async ({ store }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    assert.equal(await store.update(record.id, { data: new Map() }, now), true);
    await assertKept(store, { ...record, dataRevision: 1 });
  },

  "the last key can be removed, and one added to none": async ({ store }) => {
    const record = sessionRecord({ data: '{"only":0}' });
    await insertAll(store, [record], now);
    await store.update(record.id, { data: new Map([["only", undefined]]) }, now);
    await assertKept(store, { ...record, data: "{}", dataRevision: 1 });
    await store.update(record.id, { data: new Map([["next", "null"]]) }, now);
    await assertKept(store, { ...record, data: '{"next":null}', dataRevision: 2 });
  },

  // Proves ASVS 15.3.6.
  "a key is any string, `__proto__` and `constructor` included": async ({ store }) => {
    const record = sessionRecord({ data: "{}" });
    await insertAll(store, [record], now);
    const entries = oddKeys.map((key, index) => [key, JSON.stringify({ index })] as const);
    for (const [key, value] of entries) await store.update(record.id, { data: new Map([[key, value]]) }, now);
    const inserted = sessionRecord({ data: dataText(entries) });
    await insertAll(store, [inserted], now);
    assert.deepEqual(
      entriesOf(await sessionIn(store, record.id)),
      entriesOf(inserted),
      "Keys got lost or mixed when they were merged",
    );
    await assertKept(store, inserted);
    for (const key of oddKeys) await store.update(inserted.id, { data: new Map([[key, undefined]]) }, now);
    assert.deepEqual(entriesOf(await sessionIn(store, inserted.id)), []);
    assert.equal(({} as { index?: number }).index, undefined, "A prototype was polluted");
  },

  "stores never look inside a value": async ({ store, elsewhere }) => {
    const entries = oddValues.map((value, index) => [`value ${index}`, JSON.stringify(value)] as const);
    const inserted = sessionRecord({ data: dataText(entries) });
    const changed = sessionRecord({ data: "{}" });
    await insertAll(store, [inserted, changed], now);
    await store.update(changed.id, { data: new Map(entries) }, now);
    await elsewhere.update(inserted.id, { data: new Map([["another", "1"]]) }, now);
    await assertKept(store, { ...changed, data: inserted.data, dataRevision: 1 });
    const data = dataText([...entries, ["another", "1"]]);
    await assertKept(store, { ...inserted, data, dataRevision: 1 });
  },

  "64 KiB of data are kept, and keys merged into them": async ({ store }) => {
    const large = JSON.stringify("Grüße, \u{1f9e5}\n\0".repeat(8_000));
    assert.ok(Buffer.byteLength(large) > 64 * 1024);
    const record = sessionRecord({ data: dataText([["large", large]]) });
    await insertAll(store, [record], now);
    await assertKept(store, record);
    const more = new Map([
      ["small", "1"],
      ["larger", large],
    ]);
    await store.update(record.id, { data: more }, now);
    const data = dataText([["large", large], ...more]);
    await assertKept(store, { ...record, data, dataRevision: 1 });
  },

  "a thousand keys are kept, and one of them changed": async ({ store }) => {
    const keys = Array.from({ length: 1000 }, (_, index): [string, string] => [`key ${index}`, `${index}`]);
    const record = sessionRecord({ data: dataText(keys) });
    await insertAll(store, [record], now);
    await store.update(record.id, { data: new Map([["key 500", '"changed"']]) }, now);
    const data = dataText(new Map(keys).set("key 500", '"changed"'));
    await assertKept(store, { ...record, data, dataRevision: 1 });
  },
};

const oddKeys: readonly string[] = [
  "",
  " ",
  "a",
  "A",
  "a.b",
  "a b",
  "$",
  "$.a",
  "[0]",
  "'",
  '"',
  "\\",
  "\n",
  "\0",
  "a\0b",
  "0",
  "1",
  "-1",
  "01",
  "1e3",
  "4294967295",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "toJSON",
  "length",
  "id",
  "data",
  "é",
  "e\u0301",
  "ß",
  "\u{1f9e5}",
  "\u{10ffff}",
  "\uffff",
  "\u2028",
  "\ud800",
  "\udfff\ud800",
];

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  1e21,
  5e-324,
  1.7976931348623157e308,
  Number.MAX_SAFE_INTEGER,
  "",
  " ",
  "null",
  "\0",
  "\ud800",
  "\udfff\ud800 lone",
  "\u{1f9e5} \u2028 \uffff",
  "'; DROP TABLE sessions; --",
  [],
  {},
  [[]],
  [{}],
  { empty: [], none: {}, "": "" },
  [null, [null]],
  { toJSON: 1, constructor: 2, length: 3 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { 2: "b", 1: "a", "01": "c" },
  ["a", { b: [1, 2, { c: "d" }] }],
];
