/** The contract of stores of attempts: where it holds without a server, and that it bites. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import type { ThrottleStore } from "../../src/core/throttle-store.ts";
import { MemoryThrottleStore } from "../../src/stores/memory/throttle.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { Connection } from "../../src/stores/sqlite/connection.ts";
import { migrate } from "../../src/stores/sqlite/schema.ts";
import { SqliteThrottleStore } from "../../src/stores/sqlite/throttle.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning } from "../../src/testing/record.ts";
import { onBackend } from "../../src/testing/store/contract.ts";
import { fail, rule } from "../../src/testing/throttle/expectations.ts";
import { describeThrottleStore, throttlePromises } from "../../src/testing/throttle-suite.ts";
import { brokenThrottles } from "../broken-stores/throttles.ts";
import { sentencesOf } from "../port-sentences.ts";
import { folder } from "./sqlite-file.ts";
import { throttleOf } from "./throttle-backend.ts";

describeThrottleStore("memory", {
  open: () => {
    const store = new MemorySessionStore();
    return throttleOf({ connect: () => store, close: () => {} });
  },
});

describe("SQLite", () => {
  const homes: (() => void)[] = [];
  const context = { after: (done: () => void) => homes.push(done) } as unknown as TestContext;

  describeThrottleStore("SQLite, two connections to one file", {
    open: () => {
      const path = join(folder(context), "sessions.db");
      const stores: SqliteSessionStore[] = [];
      const connect = () => {
        const store = new SqliteSessionStore(path);
        stores.push(store);
        return store;
      };
      const close = async () => {
        for (const store of stores) await store.close();
        for (const done of homes.splice(0)) done();
      };
      return throttleOf({ connect, close });
    },
  });

  describeThrottleStore("SQLite, on a connection of the application", {
    open: () => {
      const db = new DatabaseSync(":memory:");
      return throttleOf({ connect: () => new SqliteSessionStore(db), close: () => db.close() });
    },
  });
});

test("Attempts in SQLite are judged under the lock: what another process counts after the first look counts", async () => {
  const connection = new Connection(":memory:", 1_000);
  migrate(connection.db);
  const store = new SqliteThrottleStore(connection);
  const then = await fail(store, "a", rule.free, beginning);
  const allowedAt = then + rule.firstDelay;
  const write = connection.write.bind(connection);
  connection.write = async (work) => {
    connection.write = write;
    assert.deepEqual(await store.attempt("a", rule, allowedAt), { allowed: true });
    return write(work);
  };
  const answer = await store.attempt("a", rule, allowedAt);
  assert.equal(answer.allowed, false);
  assert.equal((await store.find("a"))?.failures, rule.free + 1);
  await connection.close();
});

describe("The contract of stores of attempts", () => {
  const promises = Object.values(throttlePromises).flatMap((cases) => Object.keys(cases));

  test("every sentence of the port is a promise in the suite, in the same words", () => {
    const sentences = sentencesOf("core/throttle-store.ts", "ThrottleStore");
    const missing = sentences.filter((sentence) => !promises.includes(sentence));
    assert.deepEqual(missing, ["where failed attempts are counted"]);
  });

  test("no two promises have the same name", () => {
    assert.equal(new Set(promises).size, promises.length);
  });
});

describe("A store of attempts that", () => {
  for (const [what, { breaks, Store }] of Object.entries(brokenThrottles)) {
    for (const promise of breaks) {
      test(`${what} breaks "${promise}"`, async () => {
        const proof = Object.values(throttlePromises).find((cases) => promise in cases)?.[promise];
        assert.ok(proof, `There is no promise ${JSON.stringify(promise)}`);
        const store = new Store();
        const proving = onBackend(() => ({ connect: () => store, close: () => {} }), proof);
        await assert.rejects(proving, (error) => !(error instanceof TypeError));
      });
    }
  }
});

test("A full memory forgets the counter that was used least recently", async () => {
  const store: ThrottleStore = new MemoryThrottleStore(3);
  for (const key of ["a", "b", "c", "a", "d"]) await store.attempt(key, rule, beginning);
  assert.equal(await store.find("b"), undefined);
  assert.equal((await store.find("a"))?.failures, 2);
  for (const key of ["c", "d"]) assert.equal((await store.find(key))?.failures, 1);
});
