/** What is in Redis of remembered browsers: keys, how long they live, and what becomes of them when somebody meddles. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { createClient } from "redis";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import type { RememberRecord } from "../../src/core/remember-store.ts";
import { routingTag } from "../../src/core/token.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { beginning, usedSecret } from "../../src/testing/record.ts";
import {
  assertForgotten,
  assertRemembered,
  assertSame,
  assertUserHas,
  countPruned,
  rememberAll,
} from "../../src/testing/remember/expectations.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../src/testing/remember-record.ts";

const hour = 60 * 60_000;
const now = beginning;

let redis: RunningRedis;
let client: Awaited<ReturnType<typeof connected>>;
let remember: RedisSessionStore["remember"];

before(async () => {
  redis = await startRedis();
  client = await connected();
  ({ remember } = new RedisSessionStore(client));
});
afterEach(async () => {
  await client.sendCommand(["CONFIG", "SET", "maxmemory", "0"]);
  await client.flushAll();
});
after(async () => {
  client.destroy();
  await redis[Symbol.asyncDispose]();
});

async function connected() {
  const client = createClient({ url: redis.url, RESP: 2 }).on("error", () => {});
  return client.connect();
}

function recordKey({ id }: RememberRecord): string {
  return `coatcheck:{${id.slice(0, 3)}}:remember:${id}`;
}

function indexKey({ userId }: RememberRecord): string {
  return `coatcheck:{${routingTag(userId)}}:remember-user:${userId}`;
}

function sessionKeys({ sessionId, formerSessionId }: RememberRecord): string[] {
  return [sessionId, formerSessionId]
    .filter((each) => each !== undefined)
    .map((each) => `coatcheck:{${each.slice(0, 3)}}:remember-session:${each}`);
}

async function keys(): Promise<string[]> {
  return (await client.keys("*")).sort();
}

/** A use under a new session. */
function use() {
  return { secret: usedSecret(), sessionId: newSessionId(), lastUsedAt: now + 1 };
}

describe("Keys in Redis", () => {
  test("a remembered browser is one hash, a key for each of its sessions, and a place in its user's index", async () => {
    const record = fullRememberRecord();
    await rememberAll(remember, [record], now);
    assert.deepEqual(await keys(), [recordKey(record), indexKey(record), ...sessionKeys(record)].sort());
    assert.deepEqual(await client.zRange(indexKey(record), 0, -1), [record.id]);
    for (const key of sessionKeys(record)) assert.equal(await client.get(key), record.id);
  });

  test("all keys of a user have the routing tag of their sessions as hash tag", async () => {
    const records = ["ada", "{curly}", "a}b{c"].map((userId) => fullRememberRecord({ userId }));
    await rememberAll(remember, records, now);
    for (const key of await keys()) {
      const tag = /\{(.*?)\}/.exec(key)![1]!;
      assert.ok(
        records.some(({ userId }) => routingTag(userId) === tag),
        key,
      );
    }
  });

  test("a use leaves those of two sessions, the new and the former one", async () => {
    const record = fullRememberRecord();
    await rememberAll(remember, [record], now);
    await remember.update(record.id, use(), now, 7);
    const found = await remember.find(record.id);
    assert.deepEqual(await keys(), [recordKey(record), indexKey(record), ...sessionKeys(found!)].sort());
  });

  const ends: Readonly<Record<string, (record: RememberRecord) => Promise<unknown>>> = {
    delete: ({ id }) => remember.delete(id),
    "deleteBySession of the session": ({ sessionId }) => remember.deleteBySession(sessionId),
    "deleteBySession of the former one": ({ formerSessionId }) => remember.deleteBySession(formerSessionId!),
    deleteByUser: ({ userId }) => remember.deleteByUser(userId),
    deleteExpired: ({ expiresAt }) => countPruned(remember, expiresAt),
  };
  for (const [what, end] of Object.entries(ends)) {
    test(`nothing is left after ${what}`, async () => {
      const record = fullRememberRecord();
      await rememberAll(remember, [record], now);
      await end(record);
      assert.deepEqual(await keys(), []);
    });
  }

  test("a browser whose id or session was not made for its user is refused, and leaves nothing", async () => {
    const strangers = [{ id: newSessionId("grace") }, { sessionId: newSessionId("grace") }];
    for (const fields of strangers) {
      await assert.rejects(remember.insert(rememberRecord(fields), now), TypeError);
    }
    assert.deepEqual(await keys(), []);
    const record = rememberRecord();
    await rememberAll(remember, [record], now);
    const change = { ...use(), sessionId: newSessionId("grace") };
    await assert.rejects(remember.update(record.id, change, now, 0), TypeError);
    await assertRemembered(remember, record);
  });
});

describe("Times to live in Redis", () => {
  const record = fullRememberRecord();
  const other = fullRememberRecord();

  const writes: Readonly<Record<string, () => Promise<unknown>>> = {
    insert: async () => {},
    "a refused insert": () => remember.insert(fullRememberRecord({ id: record.id }), now),
    "a use": () => remember.update(record.id, use(), now, 7),
    "a confirmation": () => remember.update(record.id, { secret: usedSecret() }, now, 7),
    "a refused use": () => remember.update(record.id, use(), now, 6),
    "a use of an expired browser": () => remember.update(record.id, use(), record.expiresAt, 7),
    delete: () => remember.delete(record.id),
    deleteBySession: () => remember.deleteBySession(record.formerSessionId!),
    findByUser: () => remember.findByUser("ada"),
    "deleteByUser but one": () => remember.deleteByUser("ada", other.sessionId),
    deleteExpired: () => remember.deleteExpired(now, 10),
  };
  for (const [what, write] of Object.entries(writes)) {
    test(`every key has one after ${what}`, async () => {
      await rememberAll(remember, [record, other], now);
      await write();
      const all = await keys();
      assert.ok(all.length >= 4);
      for (const key of all) assert.ok((await client.pTTL(key)) > 0, `${key} lives for ever`);
    });
  }

  test("all keys of a browser live for an hour longer than its deadline is ahead of `now`", async () => {
    await rememberAll(remember, [record], now);
    await remember.update(record.id, use(), now + hour, 7);
    for (const key of await keys()) {
      const [actual, expected] = [await client.pTTL(key), record.expiresAt - now];
      assert.ok(actual <= expected + hour && actual > expected - 60_000, `${key}: ${actual} ms to live`);
    }
  });

  test("one that got lost is there again after the next use", async () => {
    await rememberAll(remember, [record], now);
    for (const key of await keys()) await client.persist(key);
    await remember.update(record.id, { secret: usedSecret() }, now, 7);
    for (const key of await keys()) assert.ok((await client.pTTL(key)) > 0, key);
  });
});

describe("A key in Redis that got lost", () => {
  test("is there again after the next use", async () => {
    const record = fullRememberRecord();
    await rememberAll(remember, [record], now);
    await client.del([indexKey(record), ...sessionKeys(record)]);
    await remember.update(record.id, { secret: usedSecret() }, now, 7);
    await assertRemembered(remember, (await remember.find(record.id))!);
  });

  test("is there again after a walk", async () => {
    const records = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(remember, records, now);
    await client.del([indexKey(records[0]!), ...sessionKeys(records[0]!)]);
    await client.zRem(indexKey(records[1]!), records[1]!.id);
    assert.equal(await countPruned(remember, now), 0);
    for (const record of records) await assertRemembered(remember, record);
  });

  test("was the record: its session finds nothing, and its user has it no more", async () => {
    const [gone, left] = [rememberRecord(), rememberRecord()];
    await rememberAll(remember, [gone, left], now);
    await client.del(recordKey(gone));
    assert.equal(await remember.findBySession(gone.sessionId), undefined);
    assert.equal(await remember.deleteBySession(gone.sessionId), undefined);
    await assertUserHas(remember, "ada", [left]);
    assert.deepEqual(await client.zRange(indexKey(left), 0, -1), [left.id]);
  });

  test("does not stay in the index, though others come", async () => {
    const dead = Array.from({ length: 5 }, () => rememberRecord({ expiresAt: now + 1 }));
    await rememberAll(remember, dead, now);
    for (const each of dead) await client.del(recordKey(each));
    const next = rememberRecord();
    await rememberAll(remember, [next], now + 1);
    assert.deepEqual(await client.zRange(indexKey(next), 0, -1), [next.id]);
  });
});

describe("A damaged browser in Redis", () => {
  const fields = "user family secret secretRevision session created used expires client";

  for (const field of fields.split(" ")) {
    test(`opens nothing without its ${field}, and can be removed`, async () => {
      const record = fullRememberRecord();
      await rememberAll(remember, [record], now);
      await client.hDel(recordKey(record), field);
      await assert.rejects(remember.find(record.id), /damaged/);
      await remember.deleteByUser("ada").catch(() => {});
      assert.equal(await remember.find(record.id), undefined);
      assert.equal(await remember.update(record.id, use(), now, 7), false);
      await assertUserHas(remember, "ada", []);
    });
  }

  for (const [field, value] of [
    ["secret", "{}"],
    ["secret", '{"secretHash":"a","secretIssuedAt":1,"superseded":[{}]}'],
    ["secretRevision", ""],
    ["created", "yesterday"],
    ["used", "Infinity"],
    ["expires", "NaN"],
    ["client", "null"],
    ["client", '{"ip":1}'],
  ] as const) {
    test(`opens nothing with ${JSON.stringify(value)} as its ${field}`, async () => {
      const record = fullRememberRecord();
      await rememberAll(remember, [record], now);
      await client.hSet(recordKey(record), field, value);
      await assert.rejects(remember.find(record.id), /damaged: its \w+ cannot be read$/);
      await assert.rejects(remember.delete(record.id), /damaged/);
      await assertForgotten(remember, record);
    });
  }

  test("does not stop the walk or the end of the user's other ones", async () => {
    const [broken, alien, sound] = [rememberRecord(), rememberRecord(), rememberRecord()];
    await rememberAll(remember, [broken, alien, sound], now);
    await client.hSet(recordKey(broken), "expires", "nan");
    await client.set(recordKey(alien), "not ours", { EX: 60 });
    assert.equal(await countPruned(remember, sound.expiresAt), 1);
    await remember.deleteByUser("ada").catch(() => {});
    await assertUserHas(remember, "ada", []);
  });
});

describe("A Redis whose memory is full", () => {
  test("remembers nobody new, uses nothing up, and still lets browsers go", async () => {
    const records = Array.from({ length: 5 }, () => fullRememberRecord());
    await rememberAll(remember, records, now);
    await client.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
    await assert.rejects(remember.insert(rememberRecord(), now), /OOM/);
    await assert.rejects(remember.update(records[0]!.id, use(), now, 7), /OOM/);
    for (const record of records) await assertRemembered(remember, record);
    const [first, second, ...others] = records;
    assertSame([await remember.delete(first!.id)], [first!]);
    assertSame([await remember.deleteBySession(second!.sessionId)], [second!]);
    assertSame(await remember.deleteByUser("ada", others[0]!.sessionId), others.slice(1));
    assert.equal(await countPruned(remember, others[0]!.expiresAt), 1);
  });
});
