/** What a failover to a replica can lose, and what it cannot where changes wait for the replica. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "redis";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/servers/tcp-proxy.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import {
  type RedisClient,
  RedisSessionStore,
  type RedisSessionStoreOptions,
} from "../../src/stores/redis.ts";
import { beginning } from "../../src/testing/record.ts";
import { fullRememberRecord } from "../../src/testing/remember-record.ts";
import { answered, ioRedis, nodeRedis, type Opened } from "./redis-clients.ts";

const timeout = 1_000;
/** Where the replica is there: on a busy machine it may answer late, and does. */
const patient = { replicas: 1, timeout: 20_000 };

for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
  describe(`A Redis with a replica, through ${name}`, () => {
    test("loses a sign-out with the master if the replica had not heard of it: that session lives again", async () => {
      await using pair = await Pair.start(connect);
      const sessions = pair.onMaster({});
      const { token } = await sessions.create("ada");
      await pair.heard();
      pair.cutReplica();
      assert.equal(await sessions.revoke(token.id), true);
      assert.equal((await sessions.validate(token)).ok, false);
      const after = await pair.failOver();
      assert.equal(
        (await after.validate(token)).ok,
        true,
        "If this is false, docs/stores/redis.md promises too little",
      );
    });

    test("loses nothing that was answered where changes wait for it", async () => {
      await using pair = await Pair.start(connect);
      const sessions = pair.onMaster(patient);
      const ended = await sessions.create("ada");
      const kept = await sessions.create("ada");
      const changed = await sessions.create("bob", { data: { theme: "light" } });
      await sessions.update(changed.session.id, { theme: "dark" });
      await sessions.revoke(ended.token.id);
      const after = await pair.failOver();
      assert.equal((await after.validate(ended.token)).ok, false);
      assert.equal((await after.validate(kept.token)).ok, true);
      const found = await after.validate(changed.token);
      assert.deepEqual(found.ok && found.session.data, { theme: "dark" });
    });

    test("says that a change may be lost where the replica is away, and finds sessions meanwhile", async () => {
      await using pair = await Pair.start(connect);
      const sessions = pair.onMaster({ replicas: 1 });
      const { token } = await pair.onMaster(patient).create("ada");
      pair.cutReplica();
      await assert.rejects(sessions.revoke(token.id), StoreUnavailableError);
      assert.equal(
        (await sessions.validate(token)).ok,
        true,
        "The first step was refused, so no second one was made",
      );
      await assert.rejects(sessions.create("ada"), StoreUnavailableError);
      pair.healReplica();
      await answered(() => sessions.revokeAll("ada"));
      const after = await pair.failOver();
      assert.deepEqual(await after.list("ada"), []);
    });

    test("finds sessions and remembered browsers while many changes wait for a replica that is away", async () => {
      await using pair = await Pair.start(connect);
      const store = pair.storeOnMaster({ replicas: 1, timeout: 2 * timeout });
      const sessions = new SessionManager({ store, warn: () => {} });
      const { token } = await pair.onMaster(patient).create("ada");
      const record = fullRememberRecord();
      assert.equal(await pair.storeOnMaster(patient).remember.insert(record, beginning), true);
      pair.cutReplica();
      for (let round = 0; round < 2; round++) {
        const changes = Array.from({ length: 8 }, () => sessions.create("bob"));
        const refused = Promise.all(changes.map((change) => assert.rejects(change, StoreUnavailableError)));
        assert.equal((await sessions.validate(token)).ok, true);
        assert.deepEqual(await store.remember.findBySession(record.sessionId), record);
        assert.deepEqual(await store.remember.findByUser(record.userId), [record]);
        await refused;
      }
      pair.healReplica();
      await answered(() => sessions.create("bob"));
    });

    test("is not waited for where remembered browsers are only read or pruned", async () => {
      await using pair = await Pair.start(connect);
      const { remember } = pair.storeOnMaster(patient);
      const record = fullRememberRecord();
      await remember.insert(record, beginning);
      const waits = await pair.waits();
      assert.ok(waits > 0);
      await remember.find(record.id);
      await remember.findBySession(record.sessionId);
      await remember.findByUser(record.userId);
      await remember.deleteExpired(beginning, 10);
      assert.equal(await pair.waits(), waits);
      await remember.delete(record.id);
      assert.ok((await pair.waits()) > waits);
    });

    test("answers nobody who finds it done by another, while the replica hears nothing of that", async () => {
      await using pair = await Pair.start(connect);
      const { token } = await pair.onMaster(patient).create("ada");
      pair.deafenReplica();
      assert.equal(await pair.onMaster({}).revoke(token.id), true);
      const other = await pair.elsewhere({ replicas: 1 });
      await assert.rejects(other.revoke(token.id), StoreUnavailableError);
    });
  });
}

describe("replicas", () => {
  test("is refused where it makes no sense, and where a client has several connections", () => {
    const client = { sendCommand: async () => {} };
    for (const replicas of [-1, 0.5, Number.NaN, Infinity]) {
      assert.throws(() => new RedisSessionStore(client, { replicas }), /replicas must be a whole number/);
    }
    for (const more of [
      { clientsInUse: 0 },
      { getMasterNode: () => {} },
      { nodeClient: () => {}, masters: [] },
    ]) {
      const several = { ...client, ...more } as unknown as RedisClient;
      assert.throws(() => new RedisSessionStore(several, { replicas: 1 }), /client with one connection/);
      new RedisSessionStore(several, { replicas: 0 });
    }
  });
});

/** A master, a replica behind a network of its own, and who asks them. */
class Pair implements AsyncDisposable {
  readonly #used = new AsyncDisposableStack();
  readonly #connect: (url: string) => Promise<Opened>;
  #master!: RunningRedis;
  #replica!: RunningRedis;
  #network!: TcpProxy;
  #opened: Opened | undefined;

  private constructor(connect: (url: string) => Promise<Opened>) {
    this.#connect = connect;
  }

  static async start(connect: (url: string) => Promise<Opened>): Promise<Pair> {
    const pair = new Pair(connect);
    const used = pair.#used;
    try {
      pair.#master = used.use(await startRedis("--repl-diskless-sync-delay", "0"));
      pair.#network = used.use(await startTcpProxy(pair.#master.port));
      const settings = ["--replicaof", "127.0.0.1", `${pair.#network.port}`];
      pair.#replica = used.use(await startRedis(...settings));
      pair.#opened = await connect(pair.#master.url);
      await pair.heard();
      return pair;
    } catch (error) {
      await used.disposeAsync();
      throw error;
    }
  }

  onMaster(options: RedisSessionStoreOptions): SessionManager {
    return managerOn(this.#opened!.client, options);
  }

  storeOnMaster(options: RedisSessionStoreOptions): RedisSessionStore {
    return new RedisSessionStore(this.#opened!.client, { timeout, ...options });
  }

  /** How often the master was asked to wait for replicas. */
  async waits(): Promise<number> {
    const client = await createClient({ url: this.#master.url }).connect();
    const stats = await client.info("commandstats");
    client.destroy();
    return Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  /** Another node, with a connection of its own to the master. */
  async elsewhere(options: { readonly replicas?: number }): Promise<SessionManager> {
    const opened = await this.#connect(this.#master.url);
    this.#used.defer(async () => void (await opened.close()));
    return managerOn(opened.client, options);
  }

  /** The replica has everything by now. */
  async heard(): Promise<void> {
    const client = await createClient({ url: this.#master.url }).connect();
    // A write of its own: `WAIT` speaks of what its connection has written.
    await client.set("heard", "1");
    assert.equal(await client.wait(1, 20_000), 1, "The replica does not follow its master");
    client.destroy();
  }

  cutReplica(): void {
    this.#network.reset();
    this.#network.weather("half-closed");
  }

  /** It is still there, for all that the master knows. */
  deafenReplica(): void {
    this.#network.weather("deaf");
  }

  healReplica(): void {
    this.#network.weather("fine");
  }

  /** The master is gone, and its replica takes over as it is. */
  async failOver(): Promise<SessionManager> {
    // First, or a client would look for its master for ever.
    await this.#hangUp();
    this.#master.process.kill("SIGKILL");
    const { url } = this.#replica;
    const promoting = await createClient({ url }).connect();
    await promoting.sendCommand(["REPLICAOF", "NO", "ONE"]);
    promoting.destroy();
    this.#opened = await this.#connect(url);
    return managerOn(this.#opened.client, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hangUp();
    await this.#used.disposeAsync();
  }

  async #hangUp(): Promise<void> {
    await this.#opened?.close();
    this.#opened = undefined;
  }
}

function managerOn(client: RedisClient, options: RedisSessionStoreOptions): SessionManager {
  return new SessionManager({
    store: new RedisSessionStore(client, { timeout, ...options }),
    warn: () => {},
  });
}
