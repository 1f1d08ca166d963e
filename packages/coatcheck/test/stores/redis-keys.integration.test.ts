/** What is in Redis after each operation: keys, how long they live, and what becomes of them when somebody meddles. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createClient } from "redis";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import { type SessionRecord, tombstoneLifetime } from "../../src/core/store.ts";
import { routingTag } from "../../src/core/token.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { beginning, fullRecord, hash, sessionRecord } from "../../src/testing/record.ts";

const hour = 60 * 60_000;
const now = beginning;
const limit = { maximum: 2, exceeded: "evict-oldest" } as const;

let redis: RunningRedis;
let client: Awaited<ReturnType<typeof connected>>;
let store: RedisSessionStore;

before(async () => {
  redis = await startRedis();
  client = await connected();
  store = new RedisSessionStore(client);
});
afterEach(async () => void (await client.flushAll()));
after(async () => {
  client.destroy();
  await redis[Symbol.asyncDispose]();
});

async function connected() {
  const client = createClient({ url: redis.url, RESP: 2 }).on("error", () => {});
  return client.connect();
}

function sessionKey({ id }: SessionRecord): string {
  return `coatcheck:{${id.slice(0, 3)}}:session:${id}`;
}

function indexKey({ userId }: SessionRecord): string {
  return `coatcheck:{${routingTag(userId)}}:user:${userId}`;
}

/** Times pass while a test runs: somewhat less than it was is as good. */
function assertLifetime(actual: number, expected: number): void {
  assert.ok(actual <= expected && actual > expected - 60_000, `${actual} ms to live, not ${expected}`);
}

async function keys(): Promise<string[]> {
  return (await client.keys("*")).sort();
}

describe("Keys in Redis", () => {
  test("a session is one text, and a user has one index", async () => {
    const record = sessionRecord();
    await store.insert(record, now);
    assert.deepEqual(await keys(), [sessionKey(record), indexKey(record)]);
    assert.equal(await client.type(sessionKey(record)), "string");
    assert.deepEqual(await client.zRange(indexKey(record), 0, -1), [record.id]);
  });

  test("all keys of a user have the routing tag of their sessions as hash tag", async () => {
    const records = ["ada", "grace", "{curly}", "a}b{c"].map((userId) => fullRecord({ userId }));
    for (const record of records) await store.insert(record, now);
    for (const key of await keys()) {
      const tag = /\{(.*?)\}/.exec(key)![1]!;
      assert.ok(
        records.some(({ id, userId }) => id.startsWith(tag) && routingTag(userId) === tag),
        key,
      );
    }
  });

  test("nothing is left when the sessions and their tombstones have gone", async () => {
    const records = [sessionRecord(), sessionRecord(), sessionRecord({ userId: "grace" })];
    for (const record of records) await store.insert(record, now);
    await store.delete(records[0]!.id, "logout", now);
    await store.deleteByUser("ada", "revoked", now);
    let from: string | undefined;
    do {
      ({ next: from } = await store.deleteExpired(now + 2 * tombstoneLifetime, 10, from));
    } while (from !== undefined);
    assert.deepEqual(await keys(), []);
  });

  test("stores with different prefixes share a server and nothing else, and a prefix is no pattern", async () => {
    const record = sessionRecord({ expiresAt: now + 1 });
    const stores = ["a*:", "aa:", "[ab]?\\:", ""].map((prefix) => new RedisSessionStore(client, { prefix }));
    for (const each of stores) assert.equal((await each.insert(record, now)).inserted, true);
    for (const each of stores) {
      const steps = [await each.deleteExpired(now + 1, 1_000)];
      assert.deepEqual(
        steps.flatMap(({ expired }) => expired.map(({ id }) => id)),
        [record.id],
      );
    }
  });
});

describe("What was found", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  test("keeps nothing of the request alive that it was found for", async () => {
    const records = Array.from({ length: 100 }, () => sessionRecord());
    for (const record of records) await store.insert(record, now);
    const kept: unknown[] = [];
    const before = heap();
    for (const { id } of records) {
      // As a token is cut from a Cookie header.
      const header = Buffer.alloc(100_000, `theme=dark; __Host-session=${id}.`).toString();
      kept.push(await store.find(header.slice(27, 27 + id.length) as typeof id));
    }
    const grown = heap() - before;
    assert.ok(kept.every(Boolean));
    assert.ok(grown < 2_000_000, `${grown} bytes`);
  });

  test("does not keep its data alive in whoever remembers another part of it", async () => {
    const userId = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
    const data = JSON.stringify({ note: "x".repeat(100_000) });
    const records = Array.from({ length: 100 }, () => sessionRecord({ userId, data }));
    for (const record of records) await store.insert(record, now);
    const kept: unknown[] = [];
    const before = heap();
    for (const { id } of records) {
      const { userId, client, amr } = (await store.find(id)) as SessionRecord;
      kept.push({ userId, client, amr });
    }
    const grown = heap() - before;
    assert.equal(kept.length, records.length);
    assert.ok(grown < 2_000_000, `${grown} bytes`);
  });
});

describe("Times to live in Redis", () => {
  const record = sessionRecord();
  const other = sessionRecord();
  const seen = { lastSeenAt: now + 5, expiresAt: now + 40 * 60_000 };
  const secret = { secretHash: hash(), secretIssuedAt: now, superseded: [] };

  const writes: Readonly<Record<string, () => Promise<unknown>>> = {
    insert: async () => {},
    "insert over the limit": () => store.insert(sessionRecord(), now, limit),
    "a touch": () => store.update(record.id, { seen }, now),
    "a renewal": () => store.update(record.id, { secret }, now),
    "a change of the data": () => store.update(record.id, { data: new Map([["a", "1"]]) }, now),
    "the removal of a key": () => store.update(record.id, { data: new Map([["theme", undefined]]) }, now),
    "a new sign-in": () =>
      store.update(record.id, { authentication: { authenticatedAt: now, amr: [], client: {} } }, now),
    "a new schema": () => store.update(record.id, { dataVersion: 2 }, now),
    "a change of nothing": () => store.update(record.id, {}, now),
    "a refused change": () => store.update(record.id, { seen }, now, { secretRevision: 9 }),
    "a change of an expired session": () => store.update(record.id, { seen }, now + hour),
    delete: () => store.delete(record.id, "logout", now),
    findByUser: () => store.findByUser("ada"),
    deleteByUser: () => store.deleteByUser("ada", "revoked", now),
    "deleteByUser but one": () => store.deleteByUser("ada", "revoked", now, other.id),
    deleteExpired: () => store.deleteExpired(now, 10),
  };
  for (const [what, write] of Object.entries(writes)) {
    test(`every key has one after ${what}`, async () => {
      for (const each of [record, other]) await store.insert(each, now);
      await write();
      const all = await keys();
      assert.ok(all.length >= 2);
      for (const key of all) assert.ok((await client.pTTL(key)) > 0, `${key} lives for ever`);
    });
  }

  test("a session lives for an hour longer than its deadline is ahead of `now`, and so does its index", async () => {
    await store.insert(record, now);
    for (const key of await keys()) assertLifetime(await client.pTTL(key), record.expiresAt - now + hour);
  });

  test("a touch extends both", async () => {
    await store.insert(record, now);
    await store.update(record.id, { seen }, now + 5);
    for (const key of await keys()) assertLifetime(await client.pTTL(key), seen.expiresAt - now - 5 + hour);
  });

  test("a session that had expired when it came lives for the hour", async () => {
    await store.insert(record, record.expiresAt + 5 * hour);
    assertLifetime(await client.pTTL(sessionKey(record)), hour);
  });

  test("the index lives as long as the longest of its sessions", async () => {
    const long = sessionRecord({ expiresAt: now + 30 * 24 * hour });
    for (const each of [record, long, other]) await store.insert(each, now);
    await store.update(record.id, { seen }, now);
    assertLifetime(await client.pTTL(indexKey(record)), 30 * 24 * hour + hour);
  });

  test("a tombstone lives for as long as it tells", async () => {
    await store.insert(record, now);
    await store.delete(record.id, "logout", now);
    assert.deepEqual(await keys(), [sessionKey(record)]);
    assertLifetime(await client.pTTL(sessionKey(record)), tombstoneLifetime);
  });

  test("one that got lost is there again after the next touch", async () => {
    await store.insert(record, now);
    for (const key of await keys()) await client.persist(key);
    await store.update(record.id, { seen }, now);
    for (const key of await keys()) assert.ok((await client.pTTL(key)) > 0);
  });
});

describe("An index in Redis", () => {
  test("forgets sessions that have gone, when the user's sessions are looked at", async () => {
    const [gone, left] = [sessionRecord(), sessionRecord()];
    for (const each of [gone, left]) await store.insert(each, now);
    await client.del(sessionKey(gone));
    assert.deepEqual(
      (await store.findByUser("ada")).map(({ id }) => id),
      [left.id],
    );
    assert.deepEqual(await client.zRange(indexKey(left), 0, -1), [left.id]);
  });

  test("forgets sessions that have gone, when the user's sessions are ended", async () => {
    const [gone, left] = [sessionRecord(), sessionRecord()];
    for (const each of [gone, left]) await store.insert(each, now);
    await client.del(sessionKey(gone));
    const ended = await store.deleteByUser("ada", "revoked", now);
    assert.deepEqual(
      ended.map(({ id }) => id),
      [left.id],
    );
    assert.deepEqual(await keys(), [sessionKey(left)]);
  });

  test("does not count sessions that have gone", async () => {
    const gone = [sessionRecord(), sessionRecord()];
    for (const each of gone) await store.insert(each, now);
    for (const each of gone) await client.del(sessionKey(each));
    const next = sessionRecord();
    assert.deepEqual(await store.insert(next, now, { maximum: 2, exceeded: "refuse" }), {
      inserted: true,
      ended: [],
    });
    assert.deepEqual(await client.zRange(indexKey(next), 0, -1), [next.id]);
  });

  test("does not grow with sessions that have died of themselves", async () => {
    const dead = Array.from({ length: 5 }, () => sessionRecord({ expiresAt: now + 1 }));
    for (const each of dead) await store.insert(each, now);
    for (const each of dead) await client.del(sessionKey(each));
    const next = sessionRecord();
    await store.insert(next, now + 1, { maximum: Number.POSITIVE_INFINITY, exceeded: "evict-oldest" });
    assert.deepEqual(await client.zRange(indexKey(next), 0, -1), [next.id]);
  });

  test("that got lost has a session again after its next change", async () => {
    const record = sessionRecord();
    await store.insert(record, now);
    await client.del(indexKey(record));
    await store.update(record.id, {}, now);
    assert.deepEqual(
      (await store.deleteByUser("ada", "revoked", now)).map(({ id }) => id),
      [record.id],
    );
  });

  test("that got lost has all sessions again after a walk", async () => {
    const records = [sessionRecord(), sessionRecord()];
    for (const each of records) await store.insert(each, now);
    await client.del(indexKey(records[0]!));
    await store.deleteExpired(now, 1_000);
    assert.equal((await store.deleteByUser("ada", "revoked", now)).length, 2);
  });
});

test("Times of a clock that has fractions are read as they were written", async () => {
  const record = sessionRecord({ createdAt: now + 0.25, lastSeenAt: now - 0.5, authenticatedAt: -0.125 });
  await store.insert(record, now);
  assert.deepEqual(await store.find(record.id), record);
});

test("Values that were written as JSON on several lines are kept, and merged with", async () => {
  const record = sessionRecord();
  await store.insert(record, now);
  const basket = { coats: [1, 2], hat: { size: "\n" } };
  const pretty = JSON.stringify(basket, undefined, 2);
  await store.update(record.id, { data: new Map([["basket", pretty]]) }, now);
  await store.update(record.id, { data: new Map([["theme", undefined]]) }, now);
  const found = (await store.find(record.id)) as SessionRecord;
  assert.deepEqual(JSON.parse(found.data), { basket });
});

describe("A damaged session in Redis", () => {
  /** What is on each of its lines. */
  const parts = [
    "numbers",
    "owner",
    ...["secret hash", "time of the secret", "former secrets", "next secret"],
    ...["time of the sign-in", "amr", "fingerprint", "address", "user agent", "language"],
    "data",
  ];

  /** Its lines up to the data, which begin with a comma but for the first. */
  async function damage(record: SessionRecord, edit: (lines: string[]) => void): Promise<void> {
    const key = sessionKey(record);
    const lines = (await client.get(key))!.split("\n");
    edit(lines);
    await client.set(key, lines.join("\n"), { expiration: "KEEPTTL" });
  }

  for (const [line, part] of parts.entries()) {
    test(`opens nothing without its ${part}, and can be ended`, async () => {
      const record = sessionRecord();
      await store.insert(record, now);
      await damage(record, (lines) => void lines.splice(line, 1, ...(line === 0 ? ["["] : [])));
      await assert.rejects(store.find(record.id), /damaged/);
      await assert.rejects(store.update(record.id, {}, now), /damaged/);
      await store.deleteByUser("ada", "revoked", now).catch(() => {});
      assert.deepEqual(await store.findByUser("ada"), []);
      assert.ok("reason" in (await store.find(record.id))!);
      assert.equal(await store.update(record.id, {}, now), false);
    });
  }

  for (const [part, value] of [
    ["numbers", "["],
    ["numbers", "(1,2,3,4,5,6"],
    ["numbers", "[1,2,3,4,5"],
    ["numbers", "[1,2,3,4,5,6,7"],
    ["numbers", "[1,2,3,,5,6"],
    ["numbers", '["yesterday",2,3,4,5,6'],
    ["numbers", "[1,1e999,3,4,5,6"],
    ["numbers", "[1,2,null,4,5,6"],
    ["owner", ",7"],
    ["owner", ","],
    ["owner", ",null"],
    ["owner", ',"nobody"'],
    ["owner", ',"a family and a user'],
    ["secret hash", ",null"],
    ["secret hash", ",{}"],
    ["secret hash", ',"'],
    ["time of the secret", ",null"],
    ["time of the secret", ","],
    ["time of the secret", ",-"],
    ["former secrets", ",[{}]"],
    ["former secrets", ",{}"],
    ["next secret", ',{"salt":"b"}'],
    ["next secret", ",[]"],
    ["time of the sign-in", ",null"],
    ["time of the sign-in", ",1.5."],
    ["time of the sign-in", ",9007199254740993"],
    ["amr", ',"pwd"'],
    ["amr", ",[1]"],
    ["fingerprint", ",1"],
    ["address", ",[]"],
    ["address", ',{"ip":1}'],
    ["user agent", ",1"],
    ["language", ","],
    ["language", ',"\\u"'],
    ["data", ",[]]"],
    ["data", ',["a"}]'],
    ["data", ',{"a"]]'],
    ["data", ',{"theme":"dark"}}'],
    ["data", ',{"theme":"dark"}'],
    ["data", ""],
  ] as const) {
    test(`opens nothing with ${JSON.stringify(value)} as its ${part}, and says so without quoting it`, async () => {
      const record = sessionRecord();
      await store.insert(record, now);
      await damage(record, (lines) => void lines.splice(parts.indexOf(part), 1, value));
      await assert.rejects(store.find(record.id), (error: Error) => {
        assert.match(error.message, /^A session in Redis is damaged: its \w+ cannot be read$/);
        return true;
      });
    });
  }

  test("is the trouble of nobody who asks for another at the same moment", async () => {
    const [broken, sound] = [sessionRecord(), sessionRecord()];
    for (const each of [broken, sound]) await store.insert(each, now);
    await damage(broken, (lines) => void lines.pop());
    const [refused, found] = await Promise.allSettled([broken, sound].map(({ id }) => store.find(id)));
    assert.equal(refused!.status, "rejected");
    assert.deepEqual(found, { status: "fulfilled", value: sound });
  });

  test("is not changed by halves", async () => {
    const record = sessionRecord();
    await store.insert(record, now);
    await damage(record, (lines) => void lines.splice(0, 1, `[${now},${now},${now + hour},0,many,1`));
    const before = await client.get(sessionKey(record));
    const change = { dataVersion: 2, data: new Map([["theme", '"light"']]) };
    await assert.rejects(store.update(record.id, change, now), /damaged/);
    assert.equal(await client.get(sessionKey(record)), before);
  });

  test("does not stop the walk or the end of the user's other sessions", async () => {
    const [broken, alien, sound] = [sessionRecord(), sessionRecord(), sessionRecord()];
    for (const each of [broken, alien, sound]) await store.insert(each, now);
    await damage(broken, (lines) => void lines.shift());
    await client.set(sessionKey(alien), "not ours", { expiration: { type: "EX", value: 60 } });
    assert.deepEqual((await store.deleteExpired(now, 1_000)).expired, []);
    await assert.rejects(store.find(alien.id), /damaged/);
    await store.deleteByUser("ada", "revoked", now).catch(() => {});
    assert.deepEqual(await store.findByUser("ada"), []);
    assert.ok("reason" in (await store.find(sound.id))!);
    assert.equal(await client.get(sessionKey(alien)), "not ours");
  });
});

describe("What is no text under the key of a session", () => {
  test("is no session, to any operation, and stays as it is", async () => {
    const [alien, sound] = [sessionRecord(), sessionRecord()];
    for (const each of [alien, sound]) await store.insert(each, now);
    await client.del(sessionKey(alien));
    await client.hSet(sessionKey(alien), { user: "ada", numbers: "1 2 3 4 5 6" });
    // In one turn, and so in one command.
    const found = await Promise.all([alien, sound].map(({ id }) => store.find(id)));
    assert.deepEqual(found, [undefined, sound]);
    assert.equal(await store.update(alien.id, { dataVersion: 2 }, now), false);
    assert.equal(await store.delete(alien.id, "logout", now), undefined);
    assert.equal((await store.countAlive(now, 1_000)).alive, 1);
    assert.deepEqual(
      (await store.deleteExpired(now + hour, 1_000)).expired.map(({ id }) => id),
      [sound.id],
    );
    assert.deepEqual(await store.insert(alien, now), { inserted: false, because: "duplicate" });
    assert.deepEqual(await store.deleteByUser("ada", "revoked", now), []);
    assert.equal(await client.type(sessionKey(alien)), "hash");
  });
});
