/** What administrators search where sessions cannot be searched: it keeps up, and heals. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { SqliteSessionStore } from "coatcheck/sqlite";
import { beginning, describeSessionDirectory, sessionRecord } from "coatcheck/testing";
import { followed } from "../../src/directory/followed-store.ts";
import { ProjectionFeed } from "../../src/directory/projection-feed.ts";

const now = beginning + 1_000;

/** A node of the server: its view of the sessions, and what it notes of them. */
interface Node {
  readonly store: SessionStore;
  readonly feed: ProjectionFeed;
  readonly warnings: string[];
}

function openNode(
  sessions: SessionStore,
  projection: SqliteSessionStore["projection"],
  users: readonly string[] = [],
  at: number = now,
): Node {
  const warnings: string[] = [];
  const feed: ProjectionFeed = new ProjectionFeed({
    store: sessions,
    projection,
    accounts: {
      all: async function* () {
        for (const id of users) yield { id } as never;
      },
    },
    now: () => at,
    warn: (message) => void warnings.push(message),
  });
  return { store: followed(sessions, (id) => feed.notice(id)), feed, warnings };
}

function openDatabase(t: TestContext): { readonly db: DatabaseSync; readonly store: SqliteSessionStore } {
  const db = new DatabaseSync(":memory:");
  t.after(() => db.close());
  return { db, store: new SqliteSessionStore(db) };
}

const found = async ({ feed }: Node): Promise<string[]> => {
  const { sessions } = await feed.directory.query({ limit: 100 }, now);
  return sessions.map(({ id }) => id).sort();
};

describeSessionDirectory("sessions in memory, projected by two nodes of the server", {
  open: () => {
    const db = new DatabaseSync(":memory:");
    const { projection } = new SqliteSessionStore(db);
    const sessions = new MemorySessionStore();
    const searched = () => {
      const { store, feed } = openNode(sessions, projection, [], 0);
      return { store, directory: feed.directory, settle: () => feed.flush() };
    };
    return { connect: searched, close: () => db.close() };
  },
});

describe("the projection of sessions", () => {
  const records = ["ada", "bob", "eve"].map((userId) => sessionRecord({ userId }));
  const [ada, bob, eve] = records as [(typeof records)[0], (typeof records)[0], (typeof records)[0]];
  const users = ["ada", "bob", "eve"];

  test("finds, when a node starts, who is missing, and drops who has ended meanwhile", async (t) => {
    const { store: database } = openDatabase(t);
    const sessions = new MemorySessionStore();
    const crashed = openNode(sessions, database.projection, users);
    for (const record of [ada, bob]) await crashed.store.insert(record, beginning);
    await crashed.feed.flush();
    // It ends a session, and starts another one, and never comes to note it.
    await crashed.store.delete(ada.id, "logout", now);
    await crashed.store.insert(eve, beginning);
    const next = openNode(sessions, database.projection, users);
    assert.deepEqual(await found(next), [bob.id]);
    next.feed.start();
    await next.feed.stop();
    const again = openNode(sessions, database.projection, users);
    await again.feed.flush();
    assert.deepEqual(await found(again), [bob.id, eve.id].sort());
    const { sessions: noted } = await database.projection.query({ limit: 9 }, now);
    assert.deepEqual(noted.map(({ id }) => id).sort(), [bob.id, eve.id].sort());
  });

  test("never shows a session that has ended, not even before that is noted", async (t) => {
    const { store: database } = openDatabase(t);
    const sessions = new MemorySessionStore();
    const [node, other] = [openNode(sessions, database.projection), openNode(sessions, database.projection)];
    await node.store.insert(ada, beginning);
    await node.feed.flush();
    await other.store.delete(ada.id, "revoked", now);
    assert.deepEqual(await found(node), []);
    await node.feed.flush();
    assert.deepEqual((await database.projection.query({ limit: 9 }, now)).sessions, []);
  });

  test("a note that comes late does not bring a session back", async (t) => {
    const { store: database } = openDatabase(t);
    const sessions = new MemorySessionStore();
    const [node, other] = [openNode(sessions, database.projection), openNode(sessions, database.projection)];
    await node.store.insert(ada, beginning);
    await other.store.delete(ada.id, "revoked", now);
    await other.feed.flush();
    await node.feed.flush();
    assert.deepEqual((await database.projection.query({ limit: 9 }, now)).sessions, []);
  });

  test("what could not be noted in an outage is noted after it, and the outage is told once", async (t) => {
    const { store: database } = openDatabase(t);
    let isDown = true;
    const failing = new Proxy(database.projection, {
      get: (target, name) =>
        isDown ? () => Promise.reject(new Error("down")) : Reflect.get(target, name).bind(target),
    });
    const node = openNode(new MemorySessionStore(), failing, []);
    for (const record of records) await node.store.insert(record, beginning);
    await node.feed.flush();
    await node.feed.flush();
    assert.equal(node.warnings.length, 1);
    isDown = false;
    await node.feed.flush();
    assert.deepEqual(await found(node), records.map(({ id }) => id).sort());
  });

  /** As Redis does, whose record of a session is damaged. */
  function damaged(sessions: SessionStore, { id, userId }: (typeof records)[0]): SessionStore {
    const failing = (name: "find" | "findByUser", broken: string) => async (asked: string) => {
      if (asked === broken) throw new Error("damaged");
      return sessions[name](asked as never);
    };
    return Object.assign(Object.create(sessions), {
      find: failing("find", id),
      findByUser: failing("findByUser", userId),
      insert: sessions.insert.bind(sessions),
      delete: sessions.delete.bind(sessions),
    });
  }

  test("goes on without a session that cannot be read, shows it to be ended, and tells it once", async (t) => {
    const { store: database } = openDatabase(t);
    const sessions = new MemorySessionStore();
    await database.projection.note([ada]);
    const node = openNode(damaged(sessions, ada), database.projection, users);
    for (const record of records) await node.store.insert(record, beginning);
    for (let flushes = 0; flushes < 5; flushes++) await node.feed.flush();
    assert.deepEqual(await found(node), records.map(({ id }) => id).sort());
    await node.store.delete(bob.id, "logout", now);
    await node.feed.flush();
    assert.deepEqual(await found(node), [ada.id, eve.id].sort());
    assert.equal(node.warnings.length, 1);
  });

  test("tries what cannot be read three times, and no more", async (t) => {
    const { store: database } = openDatabase(t);
    let tries = 0;
    const sessions = damaged(new MemorySessionStore(), ada);
    const counted = Object.assign(Object.create(sessions), {
      find: async (id: never) => {
        if (id === ada.id) tries += 1;
        return sessions.find(id);
      },
    });
    const node = openNode(counted, database.projection);
    for (const { id } of [ada, bob]) node.feed.notice(id);
    for (let flushes = 0; flushes < 9; flushes++) await node.feed.flush();
    assert.equal(tries, 3);
  });

  test("throws in an outage, in which no session can be read: nobody is told that all live", async (t) => {
    const { store: database } = openDatabase(t);
    await database.projection.note(records);
    const sessions = Object.assign(new MemorySessionStore(), {
      find: () => Promise.reject(new Error("down")),
    });
    await assert.rejects(found(openNode(sessions, database.projection)), /down/);
  });

  test("notes what happens while everybody is looked at", async (t) => {
    const { store: database } = openDatabase(t);
    const sessions = new MemorySessionStore();
    const many = Array.from({ length: 201 }, (_, index) => `user-${index}`);
    let shown: string[] = [];
    const node = openNode(
      Object.assign(Object.create(sessions), {
        find: sessions.find.bind(sessions),
        findByUser: async (userId: string) => {
          if (userId === many[0]) await node.store.insert(ada, beginning);
          if (userId === many[200]) shown = await found(node);
          return [];
        },
        insert: sessions.insert.bind(sessions),
      }),
      database.projection,
      many,
    );
    await node.feed.flush();
    assert.deepEqual(shown, [ada.id]);
  });

  test("forgets what has expired, which nobody ends", async (t) => {
    const { db, store: database } = openDatabase(t);
    const expired = sessionRecord({ userId: "ada", expiresAt: now });
    await database.projection.note([expired, bob]);
    const node = openNode(new MemorySessionStore(), database.projection, users);
    await node.store.insert(bob, beginning);
    await node.feed.flush();
    assert.deepEqual(
      db
        .prepare("SELECT id FROM coatcheck_projected_sessions")
        .all()
        .map(({ id }) => id),
      [bob.id],
    );
  });
});
