/** Another session layer is put to the same test: a naive one breaks every rule, and the checker names each. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  checkHistory,
  explain,
  holdRace,
  type RaceHistory,
  type Rule,
  raceSettings,
  startNodes,
  type Violation,
} from "../../src/testing/race-suite.ts";

const rules: readonly Rule[] = [
  "final",
  "one successor",
  "limit",
  "no lost update",
  "told once",
  "nobody is signed out",
];

describe("A store that can only insert or overwrite", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-race-"));
  let history: RaceHistory;
  let violations: readonly Violation[];

  before(async () => {
    const program = { program: join(import.meta.dirname, "naive-node.ts"), args: [join(folder, "naive.db")] };
    const settings = raceSettings();
    const nodes = await startNodes(program, settings);
    try {
      history = await holdRace(nodes, settings, { seed: 20_300_101, steps: 600 });
    } finally {
      await Promise.all(nodes.map((node) => node.kill()));
    }
    violations = checkHistory(history);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const rule of rules) {
    test(`breaks the rule "${rule}", and the history shows how`, () => {
      const violation = violations.find((each) => each.rule === rule);
      assert.ok(violation);
      const shown = explain(history, violation);
      assert.ok(shown.startsWith(`${rule}: `));
      for (const { node, do: deed } of violation.operations)
        assert.match(shown, new RegExp(`▶ .*${node}  ${deed}`));
    });
  }
});
