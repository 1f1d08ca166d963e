import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SessionRecord } from "../../src/core/store.ts";
import { recordColumns, toRow } from "../../src/stores/sqlite/row.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning, fullRecord, sessionRecord } from "../../src/testing/record.ts";
import { assertForgotten, assertRemembered, rememberAll } from "../../src/testing/remember/expectations.ts";
import { fullRememberRecord } from "../../src/testing/remember-record.ts";
import { describeRememberStore } from "../../src/testing/remember-suite.ts";
import { assertEnded, assertKept, assertUnknown, insertAll } from "../../src/testing/store/expectations.ts";
import { describeSessionStore, type StoreBackend } from "../../src/testing/store-suite.ts";
import { walk } from "../../src/testing/walk.ts";
import { rememberedIn } from "./remembered.ts";
import { folder } from "./sqlite-file.ts";

const now = beginning;
const seen = { lastSeenAt: now + 1, expiresAt: now + 60 * 60_000 };

const ways: Readonly<Record<string, () => StoreBackend>> = {
  "SQLite, two connections to one file": openFile,
  "SQLite, on a connection of the application": () => {
    const db = new DatabaseSync(":memory:");
    return { connect: () => new SqliteSessionStore(db), close: () => db.close() };
  },
};

for (const [name, open] of Object.entries(ways)) {
  describeSessionStore(name, { open });
  describeRememberStore(name, { open: rememberedIn(open) });
}

describe("A SQLite file", () => {
  test("is the owner's alone, with its folder and its log", async (t) => {
    const path = join(folder(t), "new", "folder", "sessions.db");
    const store = new SqliteSessionStore(path);
    await insertAll(store, [sessionRecord()], now);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) assert.equal(modeOf(file), 0o600, file);
    for (const each of ["new", "new/folder"]) assert.equal(modeOf(join(path, "../../..", each)), 0o700);
    await store.close();
  });

  test("has everything when it is opened again, and no log when it is closed", async (t) => {
    const path = join(folder(t), "sessions.db");
    const [record, ended] = [fullRecord(), fullRecord()];
    const before = new SqliteSessionStore(path);
    await insertAll(before, [record, ended], now);
    await before.delete(ended.id, "theft", now);
    await before.close();
    assert.equal(existsSync(`${path}-wal`), false);
    const after = new SqliteSessionStore(path);
    await assertKept(after, record);
    await assertEnded(after, ended, "theft", now);
    await after.close();
  });

  test("is closed once, and answers no more", async (t) => {
    const store = new SqliteSessionStore(join(folder(t), "sessions.db"));
    await Promise.all([store.close(), store.close()]);
    await assert.rejects(store.find(sessionRecord().id));
    await assert.rejects(store.insert(sessionRecord(), now));
  });

  test("that a later release has written is not opened", (t) => {
    const path = join(folder(t), "sessions.db");
    const db = new DatabaseSync(path);
    db.exec(
      "CREATE TABLE coatcheck_schema (version INTEGER NOT NULL); INSERT INTO coatcheck_schema VALUES (999)",
    );
    assert.throws(() => new SqliteSessionStore(path), /have version 999.*install the release/);
    assert.throws(() => new SqliteSessionStore(db), /have version 999/);
    assert.deepEqual(tablesOf(db), ["coatcheck_schema"]);
    db.close();
  });

  test("of the first release is brought up to date, and its sessions live on", async () => {
    const db = new DatabaseSync(":memory:");
    db.exec(readFileSync(new URL("sqlite-first-release.sql", import.meta.url), "utf8"));
    const { fingerprint: _, ...record } = fullRecord();
    const columns = recordColumns.filter((name) => name !== "fingerprint");
    db.prepare(`INSERT INTO coatcheck_sessions (${columns}) VALUES (${columns.map(() => "?")})`).run(
      ...toRow(record).slice(0, columns.length),
    );
    const store = new SqliteSessionStore(db);
    await assertKept(store, record);
    const authentication = { authenticatedAt: now, amr: ["pwd"], client: {}, fingerprint: "tolerant:x" };
    assert.equal(await store.update(record.id, { authentication }, now), true);
    await assertKept(new SqliteSessionStore(db), { ...record, ...authentication });
    db.close();
  });

  test("that is no database is not opened", (t) => {
    assert.throws(() => new SqliteSessionStore(folder(t)));
  });

  test("is opened with a timeout that makes sense", () => {
    for (const timeout of [-1, 0, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new SqliteSessionStore(":memory:", { timeout }), TypeError);
    }
  });

  test("`:memory:` is none, and works", async () => {
    const store = new SqliteSessionStore(":memory:");
    const record = fullRecord();
    await insertAll(store, [record], now);
    await assertKept(store, record);
    await store.close();
    await assert.rejects(store.find(record.id));
  });
});

describe("Writes of one turn", () => {
  const records = (length: number) => Array.from({ length }, () => sessionRecord());
  const damage = (db: DatabaseSync, id: string) =>
    db.prepare("UPDATE coatcheck_sessions SET data = 'x' WHERE id = ?").run(id);

  test("are each done or not: what fails takes nothing else along", async () => {
    const db = new DatabaseSync(":memory:");
    const store = new SqliteSessionStore(db);
    const [damaged, ended, before, after] = records(4) as [SessionRecord, ...SessionRecord[]];
    await insertAll(store, [damaged, ended!], now);
    damage(db, damaged.id);
    const outcomes = await Promise.allSettled([
      store.insert(before!, now),
      store.update(damaged.id, { data: new Map([["theme", '"light"']]) }, now),
      store.delete(ended!.id, "revoked", now),
      store.insert(after!, now),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    await assertKept(store, before!);
    await assertKept(store, after!);
    await assertEnded(store, ended!, "revoked", now);
    db.close();
  });

  test("are done in the order in which they were asked", async () => {
    const store = new SqliteSessionStore(":memory:");
    const [record] = records(1) as [SessionRecord];
    const outcomes = await Promise.all([
      store.insert(record, now),
      store.insert(record, now),
      store.delete(record.id, "revoked", now),
      store.insert(record, now),
    ]);
    const duplicate = { inserted: false, because: "duplicate" };
    assert.deepEqual(outcomes, [{ inserted: true, ended: [] }, duplicate, record, duplicate]);
    await store.close();
  });

  test("share their transactions, and are bounded in each: others come in between", async (t) => {
    const path = join(folder(t), "sessions.db");
    const store = new SqliteSessionStore(path);
    const other = new DatabaseSync(path);
    const count = other.prepare("SELECT count(*) AS number FROM coatcheck_sessions");
    const many = records(1_000);
    const seen = new Set<number>();
    const all = Promise.all(many.map((record) => store.insert(record, now))).then(() => true);
    while (!(await Promise.race([all, nextTurn(false)]))) seen.add(Number(count.get()!.number));
    assert.equal(count.get()!.number, 1_000);
    const commits = [...seen, 1_000].filter((number) => number > 0);
    assert.ok(commits.length > 2, `Others saw ${commits}`);
    assert.ok(
      commits.every((number) => number % 100 === 0),
      `Others saw ${commits}`,
    );
    other.close();
    await store.close();
  });

  test("are written although the store is closed in it", async (t) => {
    const path = join(folder(t), "sessions.db");
    const store = new SqliteSessionStore(path);
    const [record] = records(1) as [SessionRecord];
    const inserting = store.insert(record, now);
    await store.close();
    assert.deepEqual(await inserting, { inserted: true, ended: [] });
    const again = new SqliteSessionStore(path);
    await assertKept(again, record);
    await again.close();
  });
});

describe("Remembered browsers in SQLite", () => {
  test("are found by an index, whatever is asked", (t) => {
    const prepare = t.mock.method(DatabaseSync.prototype, "prepare");
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    new SqliteSessionStore(db);
    const asked = prepare.mock.calls.map(({ arguments: [sql] }) => sql);
    const statements = asked.filter((sql) => sql.includes("coatcheck_remembered"));
    assert.ok(statements.length >= 10);
    for (const sql of statements) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
      const scan = plan.some(({ detail }) => String(detail).startsWith("SCAN coatcheck_remembered"));
      assert.equal(scan, false, `${sql}\n${JSON.stringify(plan)}`);
    }
  });

  test("that are damaged open nothing, and can be removed", async (t) => {
    for (const damage of ["pending = '{}'", "superseded = '[null]'", "superseded = 'x'", "client = 'null'"]) {
      const db = new DatabaseSync(":memory:");
      t.after(() => db.close());
      const { remember } = new SqliteSessionStore(db);
      const record = fullRememberRecord();
      await rememberAll(remember, [record], now);
      db.exec(`UPDATE coatcheck_remembered SET ${damage}`);
      await assert.rejects(remember.find(record.id), damage);
      await assert.rejects(remember.findByUser("ada"), damage);
      await assert.rejects(remember.deleteBySession(record.sessionId), damage);
      await assertForgotten(remember, record);
    }
  });

  test("are there when the file is opened again", async (t) => {
    const path = join(folder(t), "sessions.db");
    const record = fullRememberRecord();
    const before = new SqliteSessionStore(path);
    await rememberAll(before.remember, [record], now);
    await before.close();
    const after = new SqliteSessionStore(path);
    await assertRemembered(after.remember, record);
    await after.close();
  });
});

describe("A damaged row", () => {
  const damages = ["pending = '{}'", "pending = 'x'", "superseded = '{}'", "superseded = '[null]'"];
  damages.push(
    "superseded = '[{}]'",
    "amr = '\"pwd\"'",
    "amr = '[1]'",
    "client = 'null'",
    "client = '{\"ip\":1}'",
  );

  test("opens nothing: whoever reads it is told that the store failed", async (t) => {
    for (const damage of damages) {
      const { store, record } = await damaged(t, damage);
      await assert.rejects(store.find(record.id), damage);
      await assert.rejects(store.findByUser("ada"), damage);
    }
  });

  test("can still be ended", async (t) => {
    const one = await damaged(t, "amr = 'x'");
    await assert.rejects(one.store.delete(one.record.id, "logout", now));
    await assertEnded(one.store, one.record, "logout", now);
    const all = await damaged(t, "amr = 'x'");
    await assert.rejects(all.store.deleteByUser("ada", "revoked", now));
    await assertEnded(all.store, all.record, "revoked", now);
    const expired = await damaged(t, "amr = 'x'");
    await assert.rejects(walk(expired.store, Number.MAX_SAFE_INTEGER, 10));
    await assertUnknown(expired.store, expired.record.id);
  });

  async function damaged(t: TestContext, damage: string) {
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    const store = new SqliteSessionStore(db);
    const record = fullRecord();
    await insertAll(store, [record], now);
    db.exec(`UPDATE coatcheck_sessions SET ${damage}`);
    return { store, record };
  }
});

describe("A connection of the application", () => {
  test("stays as it is, and open", async (t) => {
    const path = join(folder(t), "application.db");
    const db = new DatabaseSync(path, { readBigInts: true });
    db.exec("CREATE TABLE users (id TEXT)");
    const store = new SqliteSessionStore(db);
    const record = fullRecord();
    await insertAll(store, [record], now);
    await assertKept(store, record);
    await walk(store, now, 10);
    await store.close();
    assert.deepEqual({ ...db.prepare("PRAGMA journal_mode").get() }, { journal_mode: "delete" });
    assert.ok(tablesOf(db).includes("users"));
    await assertKept(new SqliteSessionStore(db), record);
    db.close();
  });

  test("refuses writes while the application has a transaction open, and leaves that alone", async (t) => {
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    db.exec("CREATE TABLE users (id TEXT)");
    const store = new SqliteSessionStore(db);
    const record = sessionRecord();
    await insertAll(store, [record], now);
    db.exec("BEGIN; INSERT INTO users VALUES ('ada')");
    await assert.rejects(store.insert(sessionRecord(), now), /transaction/);
    await assert.rejects(store.update(record.id, { seen }, now), /transaction/);
    await assert.rejects(store.delete(record.id, "logout", now), /transaction/);
    await assert.rejects(store.deleteByUser("ada", "revoked", now), /transaction/);
    await assertKept(store, record);
    db.exec("COMMIT");
    assert.equal(db.prepare("SELECT id FROM users").all().length, 1);
    assert.equal(await store.update(record.id, { seen }, now), true);
  });
});

/** A file of its own, and connections to it. */
function openFile(): StoreBackend {
  const home = mkdtempSync(join(tmpdir(), "coatcheck-"));
  const stores: SqliteSessionStore[] = [];
  return {
    connect() {
      const store = new SqliteSessionStore(join(home, "sessions.db"));
      stores.push(store);
      return store;
    },
    async close() {
      for (const store of stores) await store.close();
      rmSync(home, { recursive: true });
    },
  };
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function tablesOf(db: DatabaseSync): unknown[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => name);
}
