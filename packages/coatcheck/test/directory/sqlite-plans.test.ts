/** What a page of sessions costs in SQLite does not depend on how many there are, nor on which page it is. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { few, reach, walkOf } from "../../src/core/directory-page.ts";
import type { SessionQuery } from "../../src/core/session-directory.ts";
import type { SessionId } from "../../src/core/token.ts";
import {
  countOf,
  type DirectoryStatement,
  endOf,
  gathered,
  selectionOf,
  walked,
} from "../../src/stores/sqlite/directory-queries.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";

const table = "coatcheck_sessions";
const id = "0".repeat(25) as SessionId;

const walks: Readonly<Record<string, readonly [query: Omit<SessionQuery, "limit">, index: string]>> = {
  everything: [{}, "by_activity"],
  "the sign-ins": [{ sort: "signed-in" }, "by_creation"],
  "the sign-ins of a time": [{ sort: "signed-in", signedIn: { from: 1, to: 9 } }, "by_creation"],
  "what was active": [{ lastActive: { from: 1 }, direction: "ascending" }, "by_activity"],
  "the users": [{ sort: "user" }, "by_user"],
  "many sessions of a user": [{ sort: "user", userId: "ada" }, "by_user"],
  "a device": [{ userAgent: ["firefox", "linux"] }, "by_activity"],
};

describe("SQLite walks along an index, and sorts nothing, for", () => {
  for (const [what, [query, index]] of Object.entries(walks)) {
    test(what, (t) => {
      const db = openDatabase(t);
      const asked: SessionQuery = { ...query, limit: 50 };
      const key = query.sort === "user" ? "ada" : 1_000;
      const walk = { ...walkOf(asked), start: { key, id } };
      for (const statement of [
        endOf(table, asked, walk),
        walked(table, asked, walk, { key, id }, 1),
        walked(table, asked, walk, undefined, 1),
      ]) {
        const plan = planOf(db, statement);
        assert.match(plan, new RegExp(`SEARCH .*coatcheck_sessions_${index}\\b`));
        assert.doesNotMatch(plan, /TEMP B-TREE|SCAN (?!json_each)/);
        if (query.sort !== "user") assert.match(plan, /\((active_at|created_at)[<>]|\(\(.*,id\)[<>]/);
      }
    });
  }
});

describe("SQLite finds what is few by an index, for", () => {
  const selections: Readonly<Record<string, readonly [query: Partial<SessionQuery>, index: string]>> = {
    "a user": [{ userId: "ada" }, "by_user"],
    "an address": [{ address: "192.0.2.1" }, "by_address"],
    "a network": [{ address: "192.0.2." }, "by_address"],
    "a device of a user": [{ userId: "ada", address: "192.0.2.1", userAgent: ["x"] }, "by_user"],
  };
  for (const [what, [query, index]] of Object.entries(selections)) {
    test(what, (t) => {
      const db = openDatabase(t);
      const asked: SessionQuery = { limit: 50, ...query };
      const selection = selectionOf(asked)!;
      for (const statement of [
        countOf(table, selection),
        gathered(table, selection, asked, walkOf(asked), 1),
      ]) {
        assert.match(planOf(db, statement), new RegExp(`SEARCH .*coatcheck_sessions_${index}\\b`));
      }
    });
  }
});

test("a user agent is searched by one statement in SQLite, however many texts it shall contain", () => {
  const sqlOf = (...userAgent: string[]) => {
    const asked: SessionQuery = { userAgent, limit: 50 };
    return walked(table, asked, walkOf(asked), undefined, 1).sql;
  };
  assert.equal(sqlOf("firefox"), sqlOf("firefox", "linux", '"'));
});

test("the last page of 100,000 sessions reads no more than the first one, whatever is asked for", async (t) => {
  const db = openDatabase(t);
  const { directory } = new SqliteSessionStore(db);
  fill(db, 100_000);
  // Whatever SQLite reads of a row in which a value of this query lies.
  let read = 0;
  db.function("count_row", (value) => {
    read++;
    return value;
  });
  const asked: readonly Partial<SessionQuery>[] = [
    {},
    { sort: "signed-in" },
    { sort: "user" },
    { userAgent: ["firefox/7."] },
    { userId: "user7" },
    { userId: "crowd", sort: "signed-in" },
    { address: "198.51.100.", sort: "user" },
  ];
  for (const query of asked) {
    const first = walkOf({ ...query, limit: 50 });
    for (const start of [undefined, placeIn(db, first, 90_000)]) {
      const walk = { ...first, start };
      read = 0;
      const statement = walked(table, { ...query, limit: 50 }, walk, endIn(db, query, walk), beginning);
      db.prepare(statement.sql.replace("expires_at > ?", "count_row(expires_at) > ?")).all(
        ...statement.values,
      );
      assert.ok(read <= reach, `${JSON.stringify(query)} reads ${read}`);
    }
  }
  const selection = selectionOf({ userId: "crowd", limit: 1 })!;
  const { sql, values } = countOf(table, selection);
  assert.deepEqual(Object.values(db.prepare(sql).get(...values)!), [few + 1]);
  const { sessions, next } = await directory.query({ limit: 50, sort: "signed-in" }, beginning);
  assert.equal(sessions.length, 50);
  assert.notEqual(next, undefined);
});

test("a touch names no column of an index, unless the order by activity would be ten minutes behind", async (t) => {
  const db = openDatabase(t);
  const store = new SqliteSessionStore(db);
  const record = sessionRecord();
  await store.insert(record, beginning);
  const activity = () => Number(db.prepare("SELECT active_at FROM coatcheck_sessions").get()!.active_at);
  const minute = 60_000;
  for (let passed = 1; passed < 10; passed++) {
    const seen = { lastSeenAt: beginning + passed * minute, expiresAt: beginning + 60 * minute };
    await store.update(record.id, { seen }, beginning);
    assert.equal(activity(), beginning);
  }
  const seen = { lastSeenAt: beginning + 10 * minute, expiresAt: beginning + 60 * minute };
  await store.update(record.id, { seen }, beginning);
  assert.equal(activity(), beginning + 10 * minute);
});

function openDatabase(t: TestContext): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  t.after(() => db.close());
  new SqliteSessionStore(db);
  return db;
}

/** As generated, since nobody opens them. Half of them are one user's, at one network. */
function fill(db: DatabaseSync, count: number): void {
  db.prepare(`
    INSERT INTO coatcheck_sessions (id, user_id, family_hash, secret_hash, secret_issued_at, superseded, secret_revision,
      created_at, authenticated_at, amr, last_seen_at, active_at, expires_at, client, data, data_version, data_revision)
    SELECT printf('%025d', value), iif(value % 2, 'crowd', 'user' || (value % 1000)), 'x', 'x', 1, '[]', 0,
      value * 10, 1, '["pwd"]', value * 20, value * 20, ?1,
      json_object('ip', iif(value % 2, '198.51.100.', '192.0.2.') || (value % 250), 'userAgent', 'Firefox/' || (value % 140) || '.0'),
      '{}', 1, 0
    FROM (WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?2)
      SELECT value FROM numbers)`).run(beginning + 1, count);
}

const columns = { "last-active": "active_at", "signed-in": "created_at", user: "user_id" };

/** So many sessions behind the beginning. */
function placeIn(db: DatabaseSync, { sort, isDescending }: ReturnType<typeof walkOf>, distance: number) {
  const [column, way] = [columns[sort], isDescending ? "DESC" : "ASC"];
  const { key, id } = db
    .prepare(`SELECT ${column} AS key, id FROM ${table} ORDER BY 1 ${way}, 2 ${way} LIMIT 1 OFFSET ?`)
    .get(distance)!;
  return { key: key as number | string, id: id as SessionId };
}

function endIn(db: DatabaseSync, query: Partial<SessionQuery>, walk: ReturnType<typeof walkOf>) {
  const { sql, values } = endOf(table, { ...query, limit: 50 }, walk);
  const [key, id] = Object.values(db.prepare(sql).get(...values) ?? {});
  return key === undefined ? undefined : { key: key as number | string, id: id as SessionId };
}

function planOf(db: DatabaseSync, { sql, values }: DirectoryStatement): string {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return rows.map(({ detail }) => detail).join("\n");
}
