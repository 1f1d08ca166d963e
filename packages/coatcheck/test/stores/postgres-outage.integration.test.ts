/** What users see while PostgreSQL is away, and that everything goes on by itself when it is back. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client, type Pool, type PoolConfig } from "pg";
import { type RunningPostgres, startPostgres } from "../../../../test/servers/postgres.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { type PostgresClient, type PostgresPool, PostgresSessionStore } from "../../src/stores/postgres.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { openStore } from "./postgres-nodes.ts";

/** In milliseconds. */
const timeout = 400;

/** A machine that runs tests does within a twentieth of it what takes a moment. */
const longTimeout = 600_000;

/** An answer that took longer did not come in time. Machines that run tests are busy. */
const late = timeout + 1_000;

describe("While PostgreSQL", () => {
  const used = new AsyncDisposableStack();
  let server: RunningPostgres;
  before(async () => {
    server = used.use(await startPostgres());
  });
  after(() => used.disposeAsync());

  async function signedIn(
    t: TestContext,
    config: PoolConfig = {},
    timeoutOfStore: number = timeout,
  ): Promise<SignedIn> {
    const { pool, schema } = await openStore(t, { connectionString: server.url, ...config });
    const store = new PostgresSessionStore(pool, { schema, timeout: timeoutOfStore });
    const sessions = new SessionManager({ store });
    const { token } = await sessions.create("ada");
    return { sessions, token, pool, schema };
  }

  test("is stopped, everything is an outage; when it is back, everybody is still signed in", async (t) => {
    const { sessions, token } = await signedIn(t);
    await server.stop();
    await assertOutage(sessions, token);
    assert.deepEqual(await sessions.ready(), { ready: false, problem: "store-unavailable" });
    await server.start();
    assert.ok((await sessions.validate(token)).ok);
  });

  test("is restarted between two requests, nobody notices, and no broken connection ends the process", async (t) => {
    const { sessions, token, pool } = await signedIn(t);
    await Promise.all(Array.from({ length: 10 }, () => sessions.list("ada")));
    const broken = once(pool, "error");
    await server.stop();
    await broken;
    await server.start();
    assert.ok((await sessions.validate(token)).ok);
  });

  // Proves ASVS 13.1.3, ASVS 13.2.6.
  test("hangs, everything is an outage in time; when it goes on, so does everything", async (t) => {
    const { sessions, token, pool } = await signedIn(t);
    await Promise.all(Array.from({ length: 10 }, () => sessions.list("ada")));
    await server.freeze();
    await assertOutage(sessions, token);
    await Promise.all(Array.from({ length: 50 }, () => assertUnavailable(sessions.list("ada"))));
    server.thaw();
    await until(async () => (await sessions.validate(token)).ok);
    assert.equal(pool.waitingCount, 0);
    assert.ok(await sessions.revoke(token.id));
  });

  test("hangs during sign-ins that are given up, no session comes of them afterwards", async (t) => {
    const { sessions, pool } = await signedIn(t);
    await server.freeze();
    await Promise.all(Array.from({ length: 20 }, () => assertUnavailable(sessions.create("ada"))));
    server.thaw();
    await until(async () => pool.waitingCount === 0 && pool.idleCount === pool.totalCount);
    assert.equal((await sessions.list("ada")).length, 1);
  });

  // Proves ASVS 13.1.2, ASVS 13.2.6.
  test("has no connection left, everything is an outage in time", async (t) => {
    const { sessions, token, pool } = await signedIn(t, { max: 2 });
    const busy = [await pool.connect(), await pool.connect()];
    await assertOutage(sessions, token);
    for (const client of busy) client.release();
    assert.ok((await sessions.validate(token)).ok);
  });

  // Proves ASVS 15.4.3.
  test("makes everybody wait for a lock, everything is an outage in time", async (t) => {
    const { sessions, token, schema } = await signedIn(t);
    const other = await connected(t, server.url);
    await other.query(`BEGIN; LOCK TABLE ${schema}.coatcheck_sessions`);
    await assertOutage(sessions, token);
    await other.query("ROLLBACK");
    await until(async () => (await sessions.validate(token)).ok);
  });

  test("cancels a statement, it is an outage", async (t) => {
    const { sessions, token, schema } = await signedIn(t);
    const other = await connected(t, server.url);
    await other.query(`BEGIN; LOCK TABLE ${schema}.coatcheck_sessions`);
    const validation = assertUnavailable(sessions.validate(token));
    const cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    await until(async () => (await other.query(cancel)).rows.length === 1);
    await validation;
    await other.query("ROLLBACK");
    assert.ok((await sessions.validate(token)).ok);
  });

  test("waits for a node that stopped in the middle of a sign-in, others soon wait no longer", async (t) => {
    const { sessions, schema } = await signedIn(t, {}, 25 * timeout);
    const client = await connected(t, server.url);
    const stopped = new PostgresSessionStore(stoppingAfterBegin(client), { schema, timeout });
    const hasLock = once(client, "begun");
    // It gives up in the end, and nobody is there to hear it.
    stopped.insert(sessionRecord({ userId: "ada" }), beginning).catch(() => {});
    await hasLock;
    await sessions.create("ada");
    assert.equal((await sessions.list("ada")).length, 2);
  });

  test("answers late what cannot be undone, it is waited for until the caller's time is over, and no longer", async (t) => {
    const { schema } = await signedIn(t);
    const node = holding(await connected(t, server.url), /^COMMIT$|^coatcheck_delete_/);
    const store = new PostgresSessionStore(node.pool, { schema, timeout: longTimeout });
    const record = sessionRecord({ userId: "ada" });
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const signIn = async () => (await store.insert(record, beginning)).inserted;
    for (const deed of [signIn, () => store.delete(record.id, "logout", beginning)]) {
      const done = deed();
      const answer = await node.answered();
      t.mock.timers.tick(0.95 * longTimeout);
      answer();
      assert.ok(await done);
    }
    const tooLate = signIn();
    await node.answered();
    t.mock.timers.tick(longTimeout);
    await assert.rejects(tooLate, /did not answer in time/);
    // Else the pool would be closed while nobody can stop its clocks.
    t.mock.timers.reset();
  });

  test("answers a sign-in when its time is over, no COMMIT follows", async (t) => {
    const { schema, sessions } = await signedIn(t);
    const asked: string[] = [];
    let now = performance.now();
    const client = await connected(t, server.url);
    const pool = poolOf(client, (query, callback) => {
      asked.push(query.text);
      client.query(query, (error, result) => {
        if (query.text.includes("inserted")) now += 0.95 * longTimeout;
        callback(error, result);
      });
    });
    const store = new PostgresSessionStore(pool, { schema, timeout: longTimeout });
    t.mock.method(performance, "now", () => now);
    await assert.rejects(store.insert(sessionRecord({ userId: "ada" }), beginning), /did not answer in time/);
    assert.equal(asked.length, 2);
    t.mock.restoreAll();
    await client.query("ROLLBACK");
    assert.equal((await sessions.list("ada")).length, 1);
  });
});

interface SignedIn {
  readonly sessions: SessionManager;
  readonly token: SessionToken;
  readonly pool: Pool;
  readonly schema: string;
}

/** Nothing answers, everything says so in time, and nobody is signed out. */
async function assertOutage(sessions: SessionManager, token: SessionToken): Promise<void> {
  await assertUnavailable(sessions.validate(token));
  await assertUnavailable(sessions.create("ada"));
  await assertUnavailable(sessions.revokeAll("ada"));
}

async function assertUnavailable(deed: Promise<unknown>): Promise<void> {
  const start = performance.now();
  await assert.rejects(deed, StoreUnavailableError);
  const waited = performance.now() - start;
  assert.ok(waited < late, `It took ${waited} ms to say so`);
}

async function connected(t: TestContext, url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** A node that says no more after the begin of a transaction. */
function stoppingAfterBegin(client: Client): PostgresPool {
  return poolOf(client, (query, callback) => {
    if (!query.text.startsWith("BEGIN")) return;
    client.query(query, (error, result) => {
      callback(error, result);
      client.emit("begun");
    });
  });
}

/** A node that does not hear the answers to some statements, by their name or text, until it is let. */
function holding(
  client: Client,
  statements: RegExp,
): { pool: PostgresPool; answered(): Promise<() => void> } {
  const held = new EventEmitter<{ answer: [hear: () => void] }>();
  const pool = poolOf(client, (query, callback) => {
    client.query(query, (error, result) => {
      if (statements.test(query.name ?? query.text)) held.emit("answer", () => callback(error, result));
      else callback(error, result);
    });
  });
  return { pool, answered: async () => (await once(held, "answer"))[0] };
}

/** A pool of this connection alone, on which things are asked in another way. */
function poolOf(client: Client, query: PostgresClient["query"]): PostgresPool {
  const lent: PostgresClient = {
    query,
    on: client.on.bind(client),
    removeListener: () => {},
    release: () => {},
  };
  return { connect: async () => lent, on: () => {}, listenerCount: () => 1 };
}

/** Until it holds; meanwhile it may fail. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (attempt === 200) throw error;
    }
    assert.ok(attempt < 200, "It did not come to pass");
    await delay(20);
  }
}
