import assert from "node:assert/strict";
import { type ExecFileException, execFile } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { SessionRecord } from "../../src/core/store.ts";
import { Checkpointer } from "../../src/stores/sqlite/checkpointer.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning, sessionRecord, usedSecret } from "../../src/testing/record.ts";
import { rememberAll } from "../../src/testing/remember/expectations.ts";
import { rememberRecord } from "../../src/testing/remember-record.ts";
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
    const { remember } = store;
    const browsers = [rememberRecord(), rememberRecord(), rememberRecord()] as const;
    await rememberAll(remember, browsers, now);
    const disk = slowDisk(t);

    assert.equal(await store.update(record.id, { seen }, now), true);
    assert.equal(await remember.insert(browsers[0], now), false);
    assert.equal(await remember.update(browsers[0].id, { secret: usedSecret() }, now, 9), false);
    assert.equal(await store.update(sessionRecord().id, { dataVersion: 2 }, now), false);
    assert.equal(disk.flushes(), 0);

    const data = new Map([["a", "1"]]);
    for (const write of [
      () => store.insert(sessionRecord(), now),
      () => store.update(record.id, { data }, now),
      () => store.delete(record.id, "logout", now),
      () => store.deleteByUser("ada", "revoked", now),
      () => remember.insert(rememberRecord(), now),
      () => remember.update(browsers[0].id, { secret: usedSecret() }, now, 0),
      () => remember.delete(browsers[0].id),
      () => remember.deleteBySession(browsers[1].sessionId),
      () => remember.deleteByUser("ada"),
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
    const disk = slowDisk(t);
    const first = store.insert(sessionRecord(), now);
    await disk.asked();
    const others = Array.from({ length: 20 }, () => store.insert(sessionRecord(), now));
    disk.finish();
    await first;
    await disk.asked();
    disk.finish();
    await Promise.all(others);
    assert.equal(disk.flushes(), 2);
  });

  test("fail from the first flush on that failed: what stands behind a gap in the log is lost", async (t) => {
    const { store } = openStore(t);
    const disk = slowDisk(t);
    const record = sessionRecord();
    const first = assert.rejects(store.insert(record, now), /EIO/);
    await disk.asked();
    const meanwhile = assert.rejects(store.insert(sessionRecord(), now), /EIO/);
    disk.fail(new Error("EIO"));
    await Promise.all([first, meanwhile]);
    await assert.rejects(store.delete(record.id, "logout", now), /EIO/);
    assert.equal(disk.flushes(), 1);
    assert.equal((await store.find(record.id)) !== undefined, true);
  });
});

describe("Several processes on one SQLite file", () => {
  // Proves ASVS 15.4.1.
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
    const before = fs.statSync(path).size;
    await insertAll(store, many(100, { data: large }), now);
    assert.equal(fs.statSync(path).size, before, "Moved by the one who wrote");
    t.mock.timers.tick(250);
    await until(() => fs.statSync(path).size > before);
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

  test("start a long log anew while writers wait outside, and readers and the event loop do not", async (t) => {
    const { store, restart } = await longLogAboutToRestart(t);
    const kept = sessionRecord();
    const ended = sessionRecord();
    const expired = sessionRecord({ expiresAt: now + 1 });
    const newcomer = sessionRecord();
    await restart.begin(() => insertAll(store, [kept, ended, expired], now));
    const writes = Promise.all([
      store.insert(newcomer, now),
      store.update(kept.id, { seen }, now),
      store.delete(ended.id, "logout", now),
      store.deleteExpired(now + 1, 1_000),
    ]);
    assert.equal(await store.find(newcomer.id), undefined);
    await assertKept(store, kept);
    await assertKept(store, ended);
    restart.finish();
    const [inserted, touched, removed, pruned] = await writes;
    assert.equal(inserted.inserted, true);
    assert.equal(touched, true);
    assert.deepEqual(removed, ended);
    assert.deepEqual(pruned.expired, [expired]);
  });

  test("that keep writers waiting for longer than the timeout are an outage, and nothing comes into being afterwards", async (t) => {
    const { store, restart } = await longLogAboutToRestart(t);
    await restart.begin();
    const record = sessionRecord();
    const refused = assert.rejects(store.insert(record, now), /too long to start its log anew/);
    t.mock.timers.tick(store.timeout);
    await refused;
    restart.finish();
    await until(() =>
      store.insert(sessionRecord(), now).then(
        () => true,
        () => false,
      ),
    );
    assert.equal(await store.find(record.id), undefined);
  });

  test("let those who wait finish before the store is closed", async (t) => {
    const { store, path, restart } = await longLogAboutToRestart(t);
    await restart.begin();
    const record = sessionRecord();
    const waiting = store.insert(record, now);
    await store.close();
    assert.equal((await waiting).inserted, true);
    const reopened = new SqliteSessionStore(path);
    await assertKept(reopened, record);
    await reopened.close();
  });

  test("that fail are reported", async () => {
    const failures: string[] = [];
    const path = join(tmpdir(), "no", "such", "folder", "sessions.db");
    const checkpointer = new Checkpointer(path, 2_000, (why, lasting) => failures.push(`${lasting}: ${why}`));
    checkpointer.request();
    await until(() => failures.length > 0);
    assert.match(failures[0]!, /^for good: .*open/);
    await checkpointer.stop();
  });
});

/** A disk whose flushes end when the test says so. */
function slowDisk(t: TestContext) {
  let asked = Promise.withResolvers<void>();
  let end: ((error: Error | null) => void) | undefined;
  const flush = t.mock.method(fs, "fdatasync", (_: number, callback: fs.NoParamCallback) => {
    end = callback;
    asked.resolve();
  });
  const finish = (error: Error | null = null) => {
    asked = Promise.withResolvers();
    end?.(error);
  };
  return {
    /** Resolves when a flush is under way. */
    asked: () => asked.promise,
    finish: () => finish(),
    fail: (error: Error) => finish(error),
    flushes: () => flush.mock.callCount(),
  };
}

/** A store whose log is so long that it is started anew when `restart.begin` says so, which lasts until `finish`. */
async function longLogAboutToRestart(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, path } = openStore(t);
  await insertAll(store, many(300, { data: large }), now);
  const asked = Promise.withResolvers<void>();
  let finish = () => {};
  const post = Worker.prototype.postMessage;
  t.mock.method(Worker.prototype, "postMessage", function (this: Worker, deed: string) {
    if (deed !== "restart") return post.call(this, deed);
    finish = () => post.call(this, deed);
    asked.resolve();
  });
  const begin = async (before: () => Promise<unknown> = async () => {}) => {
    await before();
    t.mock.timers.tick(250);
    await asked.promise;
  };
  return { store, path, restart: { begin, finish: () => finish() } };
}

function many(count: number, fields: Partial<SessionRecord> = {}): SessionRecord[] {
  return Array.from({ length: count }, () => sessionRecord(fields));
}

/** How often the log was started anew: the checkpoint sequence number in its header. */
function restartsOf(path: string): number {
  const log = fs.openSync(`${path}-wal`, "r");
  const header = Buffer.alloc(32);
  fs.readSync(log, header);
  fs.closeSync(log);
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
