import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertLinear, pumpsOf } from "./growth.ts";

/** Looks for the end of each run of spaces from every one of its places. */
const quadratic = / +$/;

describe("what looks whether work grows faster than a text", () => {
  test("bites where it does, and names the text", () => {
    assert.throws(
      () => assertLinear((text) => quadratic.test(text), [{ unit: " ", after: "x" }]),
      /\{"unit":" ","after":"x"\}: 16 times the length took \d+ times as long/,
    );
  });

  test("lets pass what looks at each character once, or at a few of them", () => {
    assertLinear((text) => text.split(",").length, pumpsOf(",", "a"));
    assertLinear((text) => /^ +x/.test(text), pumpsOf(" "));
    assertLinear((text) => text.slice(0, 256).split(",").sort(), pumpsOf(","));
  });
});
