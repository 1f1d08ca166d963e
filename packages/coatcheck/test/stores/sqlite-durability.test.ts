import assert from "node:assert/strict";
import { type ExecFileException, execFile } from "node:child_process";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { SessionRecord } from "../../src/core/store.ts";
import { Checkpointer } from "../../src/stores/sqlite/checkpointer.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { assertKept, insertAll } from "../../src/testing/store/expectations.ts";
import { folder, openStore } from "./sqlite-file.ts";

const now = beginning;
const large: string = JSON.stringify({ large: "x".repeat(64 * 1024) });
const seen = { lastSeenAt: now + 1, expiresAt: now + 60 * 60_000 };

describe("Answers of a SQLite file", () => {
  test("wait until the disk has what they say, but for a touch", async (t) => {
    const { store } = openStore(t);
    const record = sessionRecord();
    await insertAll(store, [record, sessionRecord()], now);
    const disk = await slowDisk(t);

    assert.equal(await store.update(record.id, { seen }, now), true);
    assert.equal(await store.update(sessionRecord().id, { dataVersion: 2 }, now), false);
    assert.equal(disk.flushes, 0);

    const data = new Map([["a", "1"]]);
    for (const write of [
      () => store.insert(sessionRecord(), now),
      () => store.update(record.id, { data }, now),
      () => store.delete(record.id, "logout", now),
      () => store.deleteByUser("ada", "revoked", now),
    ]) {
      let answered = false;
      const answer = write().then(() => {
        answered = true;
      });
      await disk.asked();
      assert.equal(answered, false);
      disk.finish();
      await answer;
    }
  });

  test("that wait for the disk at the same time share a flush, but none that has begun", async (t) => {
    const { store } = openStore(t);
    const disk = await slowDisk(t);
    const first = store.insert(sessionRecord(), now);
    await disk.asked();
    const others = Array.from({ length: 20 }, () => store.insert(sessionRecord(), now));
    disk.finish();
    await first;
    await disk.asked();
    disk.finish();
    await Promise.all(others);
    assert.equal(disk.flushes, 2);
  });

  test("fail if the disk fails, and the next one may succeed", async (t) => {
    const { store } = openStore(t);
    const disk = await slowDisk(t);
    const lost = assert.rejects(store.insert(sessionRecord(), now), /EIO/);
    await disk.asked();
    disk.fail(new Error("EIO"));
    await lost;
    const kept = store.insert(sessionRecord(), now);
    await disk.asked();
    disk.finish();
    assert.equal((await kept).inserted, true);
  });
});

describe("Several processes on one SQLite file", () => {
  test("can create it at the same time, and keep to the limit together", async (t) => {
    const path = join(folder(t), "sessions.db");
    const outputs = await Promise.all(Array.from({ length: 4 }, () => run(path, "sign in often")));
    const ended: string[] = outputs.flatMap(({ output }) => JSON.parse(output));
    assert.equal(ended.length, 4 * 40 - 3);
    assert.equal(new Set(ended).size, ended.length, "A session ended twice");
    const store = new SqliteSessionStore(path);
    assert.equal((await store.findByUser("ada")).length, 3);
    await store.close();
  });

  test("an answer outlives the process that was killed after it", async (t) => {
    const path = join(folder(t), "sessions.db");
    const { output, error } = await run(path, "sign in and die");
    assert.equal(error?.signal, "SIGKILL");
    const store = new SqliteSessionStore(path);
    await assertKept(store, JSON.parse(output));
    await store.close();
  });

  test("a store that is not closed does not keep its process alive", async (t) => {
    const path = join(folder(t), "sessions.db");
    const { output, error } = await run(path, "sign in, wait for a checkpoint and leave");
    assert.equal(error, null);
    const store = new SqliteSessionStore(path);
    await assertKept(store, JSON.parse(output));
    await store.close();
  });
});

describe("Checkpoints", () => {
  test("move the log into the file soon after a write, and not on this thread", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { store, path } = openStore(t);
    const before = statSync(path).size;
    await insertAll(store, many(100, { data: large }), now);
    assert.equal(statSync(path).size, before, "Moved by the one who wrote");
    t.mock.timers.tick(250);
    await until(() => statSync(path).size > before);
  });

  test("start a long log anew, so that its file does not grow for ever", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { store, path } = openStore(t);
    await insertAll(store, many(300, { data: large }), now);
    const before = restartsOf(path);
    await until(async () => {
      t.mock.timers.tick(250);
      await insertAll(store, many(1), now);
      return restartsOf(path) > before;
    });
  });

  test("that fail are reported", async () => {
    const failure = Promise.withResolvers<Error>();
    const checkpointer = new Checkpointer(join(tmpdir(), "no", "such", "folder", "a.db"), failure.resolve);
    checkpointer.request();
    assert.match((await failure.promise).message, /open/);
    await checkpointer.stop();
  });
});

/** A disk whose flushes end when the test says so. */
async function slowDisk(t: TestContext) {
  const handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  let asked = Promise.withResolvers<void>();
  let answer = Promise.withResolvers<void>();
  const take = () => {
    const taken = answer;
    asked = Promise.withResolvers();
    answer = Promise.withResolvers();
    return taken;
  };
  const datasync = t.mock.method(prototype, "datasync", () => {
    asked.resolve();
    return answer.promise;
  });
  return {
    get flushes() {
      return datasync.mock.callCount();
    },
    /** Resolves when a flush is under way. */
    asked: () => asked.promise,
    finish: () => take().resolve(),
    fail: (error: Error) => take().reject(error),
  };
}

function many(count: number, fields: Partial<SessionRecord> = {}): SessionRecord[] {
  return Array.from({ length: count }, () => sessionRecord(fields));
}

/** How often the log was started anew: the checkpoint sequence number in its header. */
function restartsOf(path: string): number {
  const log = openSync(`${path}-wal`, "r");
  const header = Buffer.alloc(32);
  readSync(log, header);
  closeSync(log);
  return header.readUInt32BE(12);
}

interface Run {
  readonly output: string;
  readonly error: ExecFileException | null;
}

function run(path: string, deed: string): Promise<Run> {
  const program = join(import.meta.dirname, "sqlite-process.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [program, path, deed], { timeout: 30_000 }, (error, output, complaints) => {
      if (complaints) console.error(complaints);
      resolve({ output, error });
    });
  });
}

/** Waits for what another thread does. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, "It did not happen within 10 seconds");
    await setImmediate();
  }
}
