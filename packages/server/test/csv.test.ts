import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { csvLine } from "../src/audit/csv.ts";

describe("a line of CSV", () => {
  test("has a quote before whatever a spreadsheet would take for a formula, or pass over to find one", () => {
    for (const start of ["=", "+", "-", "@", "\t", "\r", "\n", "\0"]) {
      assert.match(csvLine([`${start}1+1`]), /^"?'/, JSON.stringify(start));
    }
  });

  test("has quotes around what would end a cell", () => {
    assert.equal(
      csvLine(["a,b", 'say "no"', "two\nlines", undefined, "1=1"]),
      '"a,b","say ""no""","two\nlines",,1=1\r\n',
    );
  });
});
