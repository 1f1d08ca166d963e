/** A cache before a SQLite file: nothing that anybody commits is unseen in the next turn, and nothing else empties it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SessionManager } from "../../src/core/manager.ts";
import { type CachedSessionStore, cached } from "../../src/stores/cached.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { folder, openStore } from "../stores/sqlite-file.ts";
import { keep } from "./until.ts";

function openCache(t: TestContext): { readonly here: CachedSessionStore; readonly path: string } {
  const { store, path } = openStore(t);
  return { here: cached(store), path };
}

function openByHand(t: TestContext, path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  return database;
}

/** Does something to the file in a process of its own. */
async function elsewhere(path: string, deed: string): Promise<void> {
  const program = join(import.meta.dirname, "../stores/sqlite-process.ts");
  const child = spawn(process.execPath, [program, path, deed], { stdio: "inherit" });
  assert.deepEqual(await once(child, "exit"), [0, null]);
}

describe("A cache before a SQLite file", () => {
  test("knows in its next turn of a session that another process ends, as a command beside the server does", async (t) => {
    const { here, path } = openCache(t);
    const record = sessionRecord();
    await keep(here, record);
    await elsewhere(path, "sign everybody out");
    assert.equal(here.recent(record.id), undefined);
    assert.equal(here.isOn, true);
  });

  test("offers what the file offers: sessions are searched, counted and noted through it too", async (t) => {
    const { store } = openStore(t);
    const here = cached(store);
    const record = sessionRecord();
    await here.insert(record, record.createdAt);
    const { sessions } = await here.directory.query({ limit: 2 }, record.createdAt);
    assert.deepEqual(
      sessions.map(({ id }) => id),
      [record.id],
    );
    assert.deepEqual(await here.countAlive(record.createdAt, 10), { alive: 1, next: undefined });
    await here.projection.note(sessions);
    const noted = await store.projection.query({ limit: 2 }, record.createdAt);
    assert.deepEqual(noted.sessions, sessions);
    assert.equal(here.audit, store.audit);
  });

  test("knows in its next turn of a session that is deleted by hand", async (t) => {
    const { here, path } = openCache(t);
    const record = sessionRecord();
    await keep(here, record);
    openByHand(t, path).exec("DELETE FROM coatcheck_sessions");
    await nextTurn();
    assert.equal(here.recent(record.id), undefined);
  });

  test("knows of it when the next request is read, although it looked at the end of the turn before", async (t) => {
    const { here, path } = openCache(t);
    const record = sessionRecord();
    await keep(here, record);
    const byHand = openByHand(t, path);
    await nextTurn();
    assert.ok(here.recent(record.id));
    byHand.exec("DELETE FROM coatcheck_sessions");
    // It is answered when requests are read: before what `setImmediate` does next.
    await stat(path);
    assert.equal(here.recent(record.id), undefined);
  });

  test("is not emptied by its own writes, by who reads, or by checkpoints", async (t) => {
    const { here, path } = openCache(t);
    const [record, other] = [sessionRecord(), sessionRecord()];
    await keep(here, record);
    await here.insert(other, other.createdAt);
    const seen = { lastSeenAt: record.createdAt + 60_000, expiresAt: record.expiresAt + 60_000 };
    await here.update(record.id, { seen }, record.createdAt);
    await here.delete(other.id, "logout", other.createdAt);
    const byHand = openByHand(t, path);
    for (const sql of ["SELECT * FROM coatcheck_sessions", "PRAGMA wal_checkpoint(RESTART)"]) {
      byHand.prepare(sql).all();
      await nextTurn();
      assert.equal(here.recent(record.id)?.lastSeenAt, seen.lastSeenAt, sql);
    }
    // The log begins anew.
    await here.insert(sessionRecord(), record.createdAt);
    await nextTurn();
    assert.ok(here.recent(record.id));
  });

  test("may hold the file alone, on a connection that locks it: everything works, and nobody else comes in", async (t) => {
    const path = join(folder(t), "sessions.db");
    const database = new DatabaseSync(path);
    t.after(() => database.close());
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    const here = cached(new SqliteSessionStore(database));
    const sessions = new SessionManager({ store: here });
    const { token } = await sessions.create("ada");
    for (let time = 0; time < 2; time++) assert.equal((await sessions.validate(token)).ok, true);
    assert.ok(here.recent(token.id));
    assert.throws(() => openByHand(t, path).exec("DELETE FROM coatcheck_sessions"), /locked/);
    await sessions.revoke(token.id);
    assert.equal((await sessions.validate(token)).ok, false);
  });
});
