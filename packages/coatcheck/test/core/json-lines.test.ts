import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JsonLines } from "../../src/core/json-lines.ts";

describe("Lines of JSON", () => {
  const values = [
    "plain",
    "",
    'with "quotes", \\ and \n',
    "\u{1f9e5} größe \ud800",
    null,
    [],
    ["pwd"],
    [""],
    ['"'],
    ["pwd", "otp"],
    { until: 1 },
    7,
    true,
  ];

  test("give back each value, whatever escapes were before it", () => {
    for (const turned of [values, values.toReversed()]) {
      const lines = new JsonLines(`[${turned.map((value) => JSON.stringify(value)).join("\n,")}\n,{}]`);
      assert.deepEqual(
        turned.map(() => lines.value()),
        turned,
      );
    }
  });

  test("may have numbers beside each other", () => {
    const text = "[0,-12,1893456000000\n,9007199254740991\n,1893456000000.25\n,12345678901234567,1e3\n,{}]";
    const lines = new JsonLines(text);
    const numbers = Array.from({ length: 7 }, () => lines.number());
    assert.deepEqual(
      numbers,
      [0, -12, 1893456000000, 9007199254740991, 1893456000000.25, 12345678901234568, 1000],
    );
    assert.equal(text.slice(lines.at), "{}]");
  });

  test("have no number where something else stands", () => {
    for (const text of ["", "-", "--1", "1.", "0x1", '"1"', "null", "[]", "١"]) {
      assert.ok(Number.isNaN(new JsonLines(`[${text}\n,{}]`).number()), text);
    }
    assert.ok(Number.isNaN(new JsonLines("").number()));
  });

  test("have no value where no JSON stands, nor after the last", () => {
    for (const text of ["", '"', 'a"', '"a', "'a'", "undefined", '"\\u"', "[1", '["]', '["a"', '"a"]']) {
      assert.equal(new JsonLines(`[${text}\n,{}]`).value(), undefined, text);
    }
    const lines = new JsonLines("[1]");
    for (let time = 0; time < 2; time++) assert.equal(lines.value(), undefined);
    assert.equal(new JsonLines('{"a":1}').value(), undefined);
  });
});
