import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Need, supply, type Way } from "./need.ts";
import { fromDocker, namedBy, onPath } from "./ways.ts";

const closed = (remedy: string): Way<string> => ({ remedy, find: async () => undefined });
const open = (found: string): Way<string> => ({ remedy: "", find: async () => found });

test("the first open way is taken", async () => {
  const need: Need<string> = { name: "a database", ways: [closed("a"), open("second"), open("third")] };
  assert.equal(await supply(need), "second");
});

test("where no way is open, the error names each remedy", async () => {
  const need: Need<string> = { name: "a database", ways: [closed("buy one"), closed("borrow one")] };
  await assert.rejects(supply(need), /need a database.*\n.*buy one\n.*borrow one/);
});

test("a variable that names no program is an error, not a reason to take another", async () => {
  const named = namedBy("TEST_DATABASE", { TEST_DATABASE: "/nowhere/to/be-found" });
  await assert.rejects(supply({ name: "a database", ways: [named, open("another")] }), /TEST_DATABASE/);
});

test("a variable that is not set or empty leads nowhere", async () => {
  assert.equal(await namedBy("TEST_DATABASE", {}).find(), undefined);
  assert.equal(await namedBy("TEST_DATABASE", { TEST_DATABASE: "" }).find(), undefined);
});

test("programs are found on the PATH, the first name first", async () => {
  assert.match((await onPath("no-such-program", "sh").find()) ?? "", /\/sh$/);
  assert.equal(await onPath("no-such-program").find(), undefined);
});

test("Docker is a way where its engine answers, and only there", async () => {
  await withDocker("exit 0", async () => {
    assert.equal(await fromDocker("an-image", "/a/script").find(), "/a/script");
  });
  await withDocker("exit 1", async () => {
    assert.equal(await fromDocker("an-image", "/a/script").find(), undefined);
  });
});

test("an image that cannot be fetched is an error", async () => {
  await withDocker('test "$1" = info', async () => {
    await assert.rejects(fromDocker("an-image", "/a/script").find(), /an-image/);
  });
});

/** Puts a Docker in the place of the machine's own. */
async function withDocker(script: string, use: () => Promise<void>): Promise<void> {
  const { PATH } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-test-"));
  writeFileSync(join(folder, "docker"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env.PATH = folder;
  try {
    await use();
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
}
