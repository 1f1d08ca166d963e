import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readConfig } from "../packages/server/src/config.ts";
import { supply } from "./servers/need.ts";
import { systemdAnalyze } from "./servers/table.ts";

const unit = readFileSync(join(import.meta.dirname, "../deploy/coatcheck.service"), "utf8");

describe("the systemd unit", () => {
  let analyze = "";
  let folder = "";
  let file = "";

  before(async () => {
    analyze = await supply(systemdAnalyze);
    folder = mkdtempSync(join(tmpdir(), "coatcheck-unit-"));
    file = join(folder, "coatcheck.service");
    // The program must be there, and here it is not installed.
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function systemd(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(analyze, args, { encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  test("has no mistake that systemd would only mention in its log", () => {
    const { status, output } = systemd("verify", "--man=no", file);
    assert.equal(output, "");
    assert.equal(status, 0);
  });

  test("leaves little of the system open: an exposure below 2 of 10, by systemd's own count", () => {
    const { status, output } = systemd("security", "--offline=true", "--threshold=20", "--no-pager", file);
    assert.equal(status, 0, output);
  });

  test("lets V8 compile", () => {
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=(yes|true|1)/m);
  });

  test("lets threads that hash passwords stand back, which a filter of resources would forbid", () => {
    const filters = [...unit.matchAll(/^SystemCallFilter=(.*)$/gm)].map(([, filter]) => filter);
    assert.equal(filters.at(-1), "setpriority");
  });

  test("sets what the server takes, where it may write", () => {
    const settings = Object.fromEntries(
      [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
    );
    const { database } = readConfig(settings);
    assert.deepEqual(database, { kind: "sqlite", file: "/var/lib/coatcheck/coatcheck.db" });
    assert.match(unit, /^StateDirectory=coatcheck$/m);
  });
});
