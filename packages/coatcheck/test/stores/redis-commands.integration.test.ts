/** What the store asks of Redis, and what it does when Redis forgets, fills up or drops keys. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { RememberStore } from "../../src/core/remember-store.ts";
import { cached } from "../../src/stores/cached.ts";
import { type RedisClient, RedisSessionStore } from "../../src/stores/redis.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { beginning, fullRecord, hash, sessionRecord, usedSecret } from "../../src/testing/record.ts";
import { assertRemembered, countPruned, rememberAll } from "../../src/testing/remember/expectations.ts";
import { fullRememberRecord, newSessionId } from "../../src/testing/remember-record.ts";
import { assertKept, insertAll } from "../../src/testing/store/expectations.ts";
import { ioRedis, nodeRedis, type Opened } from "./redis-clients.ts";

const now = beginning;

let redis: RunningRedis;
let client: Awaited<ReturnType<typeof connected>>;
let store: RedisSessionStore;

before(async () => {
  redis = await startRedis();
  client = await connected();
});
beforeEach(async () => {
  await client.flushAll();
  await client.sendCommand(["CONFIG", "SET", "maxmemory", "0"]);
  store = new RedisSessionStore(client);
});
after(async () => {
  client.destroy();
  await redis[Symbol.asyncDispose]();
});

async function connected() {
  const client = createClient({ url: redis.url }).on("error", () => {});
  return client.connect();
}

describe("What is asked of Redis", () => {
  let watcher: Awaited<ReturnType<typeof connected>>;
  let seen: string[];
  let marks = 0;

  beforeEach(async () => {
    watcher = await connected();
    seen = [];
    await watcher.monitor((line) => void seen.push(String(line)));
  });
  afterEach(() => watcher.destroy());

  /** The commands that came over the network. Those of scripts are not among them, but none may search for keys. */
  async function asked(deed: () => Promise<unknown>): Promise<string[]> {
    await allSeen();
    seen = [];
    await deed();
    await allSeen();
    const [inScripts, lines] = [true, false].map((isInScript) =>
      seen.slice(0, -1).filter((line) => line.includes(" lua] ") === isInScript),
    ) as [string[], string[]];
    assert.doesNotMatch(inScripts.join("\n"), /"(?:keys|scan)"/i);
    return lines.map((line) => /"(\w+)"/.exec(line)![1]!.toUpperCase());
  }

  async function allSeen(): Promise<void> {
    const mark = `mark ${marks++}`;
    await client.ping(mark);
    while (!seen.at(-1)?.includes(mark)) await new Promise(setImmediate);
  }

  test("a validation is one command", async () => {
    const sessions = new SessionManager({ store });
    const { token } = await sessions.create("ada");
    assert.deepEqual(await asked(() => sessions.validate(token)), ["MGET"]);
  });

  test("validations of one turn of the event loop are one command", async () => {
    const sessions = new SessionManager({ store });
    const created = await Promise.all(["ada", "grace", "ada"].map((user) => sessions.create(user)));
    const validated: boolean[] = [];
    const validateAll = () =>
      Promise.all(created.map(async ({ token }) => validated.push((await sessions.validate(token)).ok)));
    assert.deepEqual(await asked(validateAll), ["MGET"]);
    assert.deepEqual(validated, [true, true, true]);
  });

  test("a command asks for no more than 256 sessions", async () => {
    const record = sessionRecord();
    await store.insert(record, now);
    const ids = [...Array.from({ length: 256 }, () => sessionRecord().id), record.id];
    let found: unknown[] = [];
    const findAll = async () => {
      found = await Promise.all(ids.map((id) => store.find(id)));
    };
    assert.deepEqual(await asked(findAll), ["MGET", "MGET"]);
    assert.deepEqual(found, [...Array(256).fill(undefined), record]);
  });

  test("every operation is one command, and none but the walk looks at the keys of others (connect-redis#288)", async () => {
    const [record, other] = [sessionRecord(), sessionRecord()];
    const secret = { secretHash: hash(), secretIssuedAt: now, superseded: [] };
    const limit = { maximum: 1, exceeded: "evict-oldest" } as const;
    const operations: readonly (() => Promise<unknown>)[] = [
      () => store.insert(record, now),
      () => store.insert(other, now, limit),
      () => store.update(other.id, { secret, data: new Map([["a", "1"]]) }, now),
      () => store.findByUser("ada"),
      () => store.delete(other.id, "logout", now),
      () => store.deleteByUser("ada", "revoked", now),
    ];
    // The first time the server has to be told the script.
    for (const operation of operations) await operation();
    await store.deleteExpired(now, 100);
    for (const operation of operations) assert.deepEqual(await asked(operation), ["EVALSHA"]);
    assert.deepEqual(await asked(() => store.deleteExpired(now, 100)), ["SCAN", "EVALSHA"]);
  });

  test("so is every operation on remembered browsers", async () => {
    const { remember } = store;
    const [record, other] = [fullRememberRecord(), fullRememberRecord()];
    const operations: readonly (() => Promise<unknown>)[] = [
      () => remember.insert(record, now),
      () => remember.insert(other, now),
      () => remember.findBySession(record.sessionId),
      () => remember.findByUser("ada"),
      () => remember.update(record.id, { secret: usedSecret(), sessionId: newSessionId() }, now, 7),
      () => remember.delete(record.id),
      () => remember.deleteBySession(other.sessionId),
      () => remember.deleteByUser("ada"),
    ];
    for (const operation of operations) await operation();
    for (const operation of operations) assert.deepEqual(await asked(operation), ["EVALSHA"]);
    assert.deepEqual(await asked(() => remember.find(record.id)), ["HGETALL"]);
    await remember.insert(record, now);
    await remember.deleteExpired(now, 100);
    assert.deepEqual(await asked(() => remember.deleteExpired(now, 100)), ["SCAN", "EVALSHA"]);
  });

  test("a script that the server has forgotten is sent once, as a whole", async () => {
    const record = sessionRecord();
    await store.insert(record, now);
    await store.update(record.id, {}, now);
    await client.scriptFlush();
    const update = () => store.update(record.id, { dataVersion: 2 }, now);
    assert.deepEqual(await asked(update), ["EVALSHA", "EVAL"]);
    assert.deepEqual(await asked(update), ["EVALSHA"]);
  });
});

describe("A Redis whose memory is full", () => {
  const record = sessionRecord();

  beforeEach(async () => {
    for (const each of [record, sessionRecord()]) await store.insert(each, now);
    await client.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
  });

  test("accepts no sign-in, and the sessions stay as they are", async () => {
    const next = sessionRecord();
    await assert.rejects(store.insert(next, now), /OOM/);
    assert.equal(await store.find(next.id), undefined);
    assert.equal((await store.findByUser("ada")).length, 2);
  });

  test("still answers who is who", async () => {
    assert.deepEqual(await store.find(record.id), record);
  });

  test("still signs out, tombstones and all", async () => {
    await store.delete(record.id, "logout", now);
    assert.equal((await store.deleteByUser("ada", "revoked", now)).length, 1);
    assert.deepEqual(await store.findByUser("ada"), []);
    const found = await store.find(record.id);
    assert.ok(found && "reason" in found && found.reason === "logout");
  });

  test("is still pruned", async () => {
    assert.equal((await store.deleteExpired(record.expiresAt, 1_000)).expired.length, 2);
  });
});

describe("A Redis that drops keys when its memory is full", () => {
  const evicting = ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1gb"];
  afterEach(() => client.sendCommand(["CONFIG", "SET", "maxmemory-policy", "noeviction"]));

  test("is told of, once", async () => {
    await client.sendCommand(evicting);
    const warned = once(process, "warning") as Promise<[NodeJS.ErrnoException]>;
    await store.time();
    const [{ code, message }] = await warned;
    assert.equal(code, "COATCHECK_REDIS_EVICTION");
    assert.match(message, /allkeys-lru.*noeviction/);
    const told: unknown[] = [];
    const listener = (warning: Error) => void told.push(warning);
    process.on("warning", listener);
    for (let time = 0; time < 3; time++) await store.time();
    process.off("warning", listener);
    assert.deepEqual(told, []);
  });
});

describe("A client of node-redis without a listener to its errors", () => {
  test("is told of, since the next outage would end the process", async () => {
    const warned = once(process, "warning") as Promise<[NodeJS.ErrnoException]>;
    new RedisSessionStore(createClient());
    assert.equal((await warned)[0].code, "COATCHECK_REDIS_ERRORS");
  });

  test("is not, if the listener comes a little later", async () => {
    const told: unknown[] = [];
    const listener = (warning: Error) => void told.push(warning);
    process.on("warning", listener);
    const client = createClient();
    new RedisSessionStore(client);
    client.on("error", () => {});
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.off("warning", listener);
    assert.deepEqual(told, []);
  });
});

describe("A manager on Redis", () => {
  test("is ready, and knows that its own clock is wrong", async () => {
    assert.equal((await new SessionManager({ store }).ready()).ready, true);
    const { now } = manualClock();
    const readiness = await new SessionManager({ store, now }).ready();
    assert.deepEqual([readiness.ready, readiness.problem], [false, "clock-skew"]);
  });
});

describe("Every client that the application may have", () => {
  const url = () => redis.url;
  const clients: Readonly<Record<string, () => Promise<Opened>>> = {
    "node-redis with RESP 2": () => opened(createClient({ url: url(), RESP: 2 })),
    "node-redis with RESP 3": () => opened(createClient({ url: url(), RESP: 3 })),
    "node-redis that maps replies": () =>
      opened(
        createClient({
          url: url(),
          RESP: 3,
          commandOptions: { typeMapping: { 36: Buffer, 37: Map, 58: String } },
        }),
      ),
    "node-redis with a queue of its own limits": () =>
      opened(createClient({ url: url(), commandsQueueMaxLength: 10, disableOfflineQueue: true })),
    "a pool of node-redis": () => opened(createClientPool({ url: url() })),
    ioredis: () => ioRedis(url()),
    "ioredis that connects late": async () => {
      const client = new Redis(url(), { lazyConnect: true });
      return { client, close: async () => client.disconnect() };
    },
    "ioredis that pipelines by itself": async () => {
      const client = new Redis(url(), { enableAutoPipelining: true, protocol: 2 });
      return { client, close: async () => client.disconnect() };
    },
  };
  for (const [name, open] of Object.entries(clients)) {
    test(name, async () => {
      const { client, close } = await open();
      try {
        const store = new RedisSessionStore(client);
        const record = fullRecord();
        await insertAll(store, [record], now);
        await assertKept(store, record);
        assert.equal(await store.update(record.id, { data: new Map([["a", "1"]]) }, now), true);
        assert.equal((await store.findByUser("ada")).length, 1);
        assert.equal((await store.deleteExpired(record.expiresAt, 10)).expired.length, 1);
        assert.equal(await store.find(record.id), undefined);
        assert.ok(Math.abs((await store.time()) - Date.now()) < 60_000);
      } finally {
        await close();
      }
    });
  }

  async function opened(
    client: RedisClient & { on(event: "error", listener: () => void): unknown } & {
      connect(): Promise<unknown>;
      destroy(): unknown;
    },
  ): Promise<Opened> {
    client.on("error", () => {});
    await client.connect();
    return { client, close: async () => client.destroy() };
  }
});

describe("The permissions that the documentation names", () => {
  const page = readFileSync(new URL("../../../../docs/stores/redis.md", import.meta.url), "utf8");
  const [order] = /^ACL SETUSER .*$/m.exec(page)!;
  const [, , user] = order.split(" ");
  const clients: Readonly<Record<string, (url: string) => Promise<Opened>>> = {
    "node-redis": nodeRedis,
    ioredis: ioRedis,
  };

  for (const [name, connect] of Object.entries(clients)) {
    // Proves ASVS 13.2.2.
    test(`suffice ${name}`, async () => {
      await client.sendCommand(order.split(" "));
      const { client: permitted, close } = await connect(
        redis.url.replace("redis://", `redis://${user}:password@`),
      );
      try {
        const store = new RedisSessionStore(permitted, { prefix: `${user}:` });
        const [first, second] = [sessionRecord(), sessionRecord()];
        const limit = { maximum: 1, exceeded: "evict-oldest" } as const;
        await store.insert(first, now, limit);
        await store.insert(second, now, limit);
        await store.update(second.id, { data: new Map([["theme", undefined]]) }, now);
        await store.deleteByUser("nobody", "revoked", now);
        await store.delete(second.id, "logout", now);
        await store.insert(sessionRecord(), now, limit);
        assert.equal((await store.findByUser("ada")).length, 1);
        assert.equal((await store.deleteExpired(first.expiresAt, 100)).expired.length, 1);
        await remembering(store.remember);
        await store.time();
        const cache = cached(store);
        await cache.prove();
        assert.equal(cache.isOn, true);
        await cache.close();
      } finally {
        await close();
      }
    });
  }

  async function remembering(remember: RememberStore): Promise<void> {
    const [record, other] = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(remember, [record, other], now);
    assert.equal(
      await remember.update(record.id, { secret: usedSecret(), sessionId: newSessionId() }, now, 7),
      true,
    );
    await assertRemembered(remember, other);
    assert.ok(await remember.deleteBySession(other.sessionId));
    assert.ok(await remember.delete(record.id));
    await remember.deleteByUser("ada");
    await rememberAll(remember, [other], now);
    assert.equal(await countPruned(remember, other.expiresAt), 1);
  }

  // Proves ASVS 13.2.2.
  test("do not reach other keys", async () => {
    await client.sendCommand(order.split(" "));
    const { client: permitted, close } = await nodeRedis(
      redis.url.replace("redis://", `redis://${user}:password@`),
    );
    await assert.rejects(new RedisSessionStore(permitted).find(sessionRecord().id), /NOPERM/);
    await close();
  });
});

describe("What an error of Redis tells", () => {
  for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
    test(`is nothing of the session, through ${name}`, async () => {
      const { client: asking, close } = await connect(redis.url);
      const record = sessionRecord({ userId: "ada.lovelace", data: '{"diagnosis":"private"}' });
      await client.sendCommand(["CONFIG", "SET", "maxmemory", "1"]);
      try {
        await assert.rejects(new RedisSessionStore(asking).insert(record, now), (error) => {
          const told = inspect(error, { depth: null, showHidden: true });
          for (const fact of ["lovelace", "private", record.secretHash])
            assert.ok(!told.includes(fact), fact);
          return true;
        });
      } finally {
        await close();
      }
    });
  }
});

describe("An ioredis client that the application has closed", () => {
  test("is not waited for", async () => {
    const { client: closed, close } = await ioRedis(redis.url);
    const store = new RedisSessionStore(closed, { timeout: 60_000 });
    await store.time();
    await close();
    await assert.rejects(store.find(sessionRecord().id), /closed/);
  });
});

describe("What the store refuses at start", () => {
  const refused: readonly (readonly [what: string, make: () => unknown, message: RegExp])[] = [
    ["no client", () => new RedisSessionStore(undefined as never), /needs a client/],
    ["an address", () => new RedisSessionStore("redis://localhost" as never), /needs a client/],
    ["a prefix with a brace", () => new RedisSessionStore(client, { prefix: "{a}:" }), /prefix/],
    ["no time at all", () => new RedisSessionStore(client, { timeout: 0 }), /timeout/],
    ["half a millisecond", () => new RedisSessionStore(client, { timeout: 0.5 }), /timeout/],
    [
      "an ioredis client that renames keys",
      () => new RedisSessionStore(new Redis({ lazyConnect: true, keyPrefix: "app:" })),
      /keyPrefix/,
    ],
    [
      "an ioredis cluster that reads from replicas",
      () => new RedisSessionStore(new Cluster([], { lazyConnect: true, scaleReads: "slave" })),
      /scaleReads/,
    ],
  ];
  for (const [what, make, message] of refused) {
    test(what, () => {
      assert.throws(make, (error) => error instanceof TypeError && message.test(error.message));
    });
  }
});
