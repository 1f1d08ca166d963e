import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import found from "./found.json" with { type: "json" };
import { type Found, replayLine } from "./property.ts";

const root = join(import.meta.dirname, "../..");

describe("the counterexamples that were found once", () => {
  const sources = globSync("{packages,test}/**/fuzz/*.test.ts", { cwd: root, exclude: ["**/node_modules"] })
    .map((path) => readFileSync(join(root, path), "utf8"))
    .join("\n");

  for (const { property, seed, path, found: what } of found as readonly Found[]) {
    test(`are tried again: ${what}`, () => {
      assert.ok(sources.includes(JSON.stringify(property)) || sources.includes(`\`${property}\``), property);
      assert.ok(Number.isInteger(seed) && /^\d+(?::\d+)*$/.test(path));
    });
  }
});

describe("what a failure says at its end", () => {
  test("is a call that tries the same case again, safe for any shell", () => {
    const line = replayLine("isn't a parser", { seed: 7, counterexamplePath: "3:1:0" });
    assert.equal(line, "npm run fuzz -- --seed 7 --path 3:1:0 --property 'isn'\\''t a parser' fuzz/property");
  });
});
