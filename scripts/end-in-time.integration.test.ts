import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const watcher = join(import.meta.dirname, "end-in-time.ts");

/** What is said of a file that has a fifth of a second, and how it ended. */
function runInTime(program: string): { readonly said: string; readonly ended: number | string | null } {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-end-in-time-"));
  try {
    const file = join(folder, "watched.mjs");
    writeFileSync(file, program);
    const { stderr, status, signal } = spawnSync(process.execPath, ["--import", watcher, file], {
      env: { ...process.env, TEST_FILE_PATIENCE: "200" },
      encoding: "utf8",
      timeout: 60_000,
    });
    return { said: stderr, ended: status ?? signal };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a test file that leaves something open is ended, and says what", () => {
  const { said, ended } = runInTime('import { createServer } from "node:net"; createServer().listen(0);');
  assert.match(said, /watched\.mjs did not end within 0\.2 s\. Still open: .*TCPServerWrap/);
  assert.equal(ended, 1);
});

test("a test file that computes without a pause is ended, and says where", () => {
  const { said, ended } = runInTime("function turnsInCircles() {\n  for (;;);\n}\nturnsInCircles();");
  assert.match(said, /watched\.mjs did not end within 0\.2 s\. It computes without a pause:/);
  assert.match(said, /turnsInCircles, .*watched\.mjs:2/);
  assert.equal(ended, "SIGKILL");
});

test("a test file that ends by itself is left alone", () => {
  assert.deepEqual(runInTime("process.exitCode = 3;"), { said: "", ended: 3 });
});
