/** A disk that is full, for real: a file system of two megabytes in memory, which a process has for itself. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { FullDiskReport } from "./full-disk.ts";
import { folder } from "./sqlite-file.ts";

/** Mounts the small disk where nobody else sees it, and runs the program there. */
const onSmallDisk = 'mount -t tmpfs -o size=2m coatcheck "$1" && exec "$2" "$3" "$1"';

// Other systems have full disks too, but none that a test can make.
const skip = process.platform === "linux" ? false : "only Linux gives a process a disk of its own";

test("a full disk is an outage for who signs in, and for nobody else; it heals by itself", {
  skip,
}, async (t) => {
  const { expected, ...report } = await reportOf(folder(t));
  assert.ok(report.refusals.length > 0, "The disk was not full");
  assert.deepEqual([...new Set(report.refusals)], ["store-unavailable"]);
  assert.equal(report.validMeanwhile, true, "A session could not be used while the disk was full");
  assert.ok(["true", "store-unavailable"].includes(report.signOut), report.signOut);
  assert.equal(
    report.signedOutIsValid,
    report.signOut !== "true",
    "A sign-out that was answered did not last",
  );
  assert.equal(report.validAfter, expected, "A sign-in that was answered was lost");
  assert.equal(report.validElsewhere, expected, "A sign-in that was answered was not on the disk");
  assert.equal(
    report.listed,
    expected + (report.signedOutIsValid ? 1 : 0),
    "A refused sign-in left a session",
  );
  assert.equal(report.recovered, true);
  assert.deepEqual(
    report.warnings,
    ["COATCHECK_CHECKPOINT"],
    "A checkpoint that failed was not told of once",
  );
  assert.equal(report.checkpointed, true, "There were no checkpoints any more");
  assert.equal(report.logGaveWay, true, "A log that had filled the disk was not moved into the file");
});

async function reportOf(place: string): Promise<FullDiskReport & { readonly expected: number }> {
  const program = join(import.meta.dirname, "full-disk.ts");
  const alone = process.getuid?.() === 0 ? "-m" : "-Urm";
  const args = [alone, "sh", "-c", onSmallDisk, "sh", place, process.execPath, program];
  const { stdout } = await promisify(execFile)("unshare", args, { timeout: 60_000 });
  return JSON.parse(stdout);
}
