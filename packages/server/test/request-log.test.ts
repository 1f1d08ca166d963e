import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createLogger, gatheredLines } from "../src/request-log.ts";

test("Log lines wait a tenth of a second for others, and no longer.", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-log-"));
  const path = join(folder, "log");
  const fd = openSync(path, "a");
  t.after(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const logger = createLogger(gatheredLines(fd));
  const written = () => readFileSync(path, "utf8").split("\n").slice(0, -1);

  logger.info({ number: 1 });
  t.mock.timers.tick(99);
  logger.info({ number: 2 });
  await nextTurn();
  assert.deepEqual(written(), []);

  t.mock.timers.tick(1);
  while (written().length < 2) await nextTurn();
  assert.deepEqual(
    written().map((line) => JSON.parse(line).number),
    [1, 2],
  );

  logger.info({ number: 3 });
  t.mock.timers.tick(100);
  while (written().length < 3) await nextTurn();
});

for (const [ending, code] of [
  ["it exits", "process.exit()"],
  ["it has nothing more to do", ""],
]) {
  test(`What a process has logged last is not lost when ${ending}.`, () => {
    const module = new URL("../src/request-log.ts", import.meta.url);
    const program = `const { createLogger } = await import("${module}");
      const logger = createLogger(); logger.info("first"); logger.info("last"); ${code}`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
    });
    assert.match(stderr, /"first".*\n.*"last"/);
  });
}
