import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readArguments } from "../src/cli/arguments.ts";
import { sessionsRevoke } from "../src/cli/sessions.ts";

describe("the arguments of a command", () => {
  test("may be an id that begins with a dash, as one of 64 does", () => {
    for (const id of ["-GtFqv0-v-Ry6qIhFlRrpZlzF", "--tFqv0-v-Ry6qIhFlRrpZlzF"]) {
      for (const args of [[id], ["--", id], [id, "--json"], ["--json", id]]) {
        const given = readArguments(sessionsRevoke, args);
        assert.deepEqual([given.arguments, given.has("json")], [[id], args.includes("--json")]);
      }
    }
  });

  test("are refused where an option is meant that there is not", () => {
    assert.throws(() => readArguments(sessionsRevoke, ["-G"]), /has no option -G/);
  });
});
