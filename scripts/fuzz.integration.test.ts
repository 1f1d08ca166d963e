import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

/** Within this process, a run of tests would take itself for a part of it. */
const { NODE_TEST_CONTEXT: _, ...env } = process.env;

test("A case is tried again by the name of its property, whatever stands in it, and by nothing else", () => {
  const property =
    "has no cookie of ours under a name with anything around it but spaces and tabs (CVE-2026-39410)";
  const tried = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, "fuzz.ts"),
      "--seed",
      "7",
      "--path",
      "0",
      "--property",
      property,
      "fuzz/cookie",
    ],
    { env, encoding: "utf8", timeout: 60_000 },
  );
  assert.equal(tried.status, 0, tried.stdout + tried.stderr);
  assert.match(tried.stdout, /^1 cases in 0:\d\d, 0 found$/m);
});
