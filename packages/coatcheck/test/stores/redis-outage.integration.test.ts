/** A Redis that is away, hangs or comes back: an outage is not a sign-out, and it heals by itself. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createClient } from "redis";
import { type RunningRedis, startRedis } from "../../../../test/servers/redis.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { ioRedis, nodeRedis, type Opened } from "./redis-clients.ts";

const timeout = 300;

for (const [name, connect] of Object.entries({ "node-redis": nodeRedis, ioredis: ioRedis })) {
  describe(`A Redis that fails, through ${name}`, () => {
    let redis: RunningRedis;
    let opened: Opened;
    let store: RedisSessionStore;
    let sessions: SessionManager;
    let token: SessionToken;

    before(async () => {
      redis = await startRedis("--appendonly", "yes", "--appendfsync", "always");
      opened = await connect(redis.url);
      store = new RedisSessionStore(opened.client, { timeout });
      sessions = new SessionManager({ store, warn: () => {} });
    });
    beforeEach(async () => {
      ({ token } = await sessions.create("ada"));
    });
    after(async () => {
      await opened.close();
      await redis[Symbol.asyncDispose]();
    });

    async function assertUnavailable(deed: () => Promise<unknown>): Promise<void> {
      const start = performance.now();
      await assert.rejects(deed, StoreUnavailableError);
      const waited = performance.now() - start;
      assert.ok(waited < timeout + 1_500, `It took ${waited} ms to say so`);
    }

    /** Asks until there is an answer, as browsers do. */
    async function healed(): Promise<void> {
      for (let attempt = 0; attempt < 40; attempt++) {
        const readiness = await sessions.ready();
        if (readiness.ready) return;
      }
      assert.fail("It does not heal");
    }

    async function assertGood(): Promise<void> {
      assert.equal((await sessions.validate(token)).ok, true);
      const { token: another } = await sessions.create("ada");
      assert.equal(await sessions.revoke(another.id), true);
      assert.equal((await sessions.validate(another)).ok, false);
    }

    describe("when it is away", () => {
      beforeEach(() => redis.stop());
      afterEach(async () => {
        if (redis.process.exitCode !== null) await redis.start();
        await healed();
      });

      test("everything says so within the timeout", async () => {
        const everything = [
          () => sessions.validate(token),
          () => sessions.create("ada"),
          () => sessions.revoke(token.id),
          () => sessions.revokeAll("ada"),
          () => sessions.list("ada"),
          () => sessions.prune(),
        ];
        await Promise.all(everything.map(assertUnavailable));
        assert.equal((await sessions.ready()).problem, "store-unavailable");
      });

      test("many who ask at once are all told within the timeout", async () => {
        await assertUnavailable(async () => {
          const asked = Array.from({ length: 500 }, () => sessions.validate(token));
          const answers = await Promise.allSettled(asked);
          assert.ok(answers.every(({ status }) => status === "rejected"));
          await asked[0];
        });
      });

      test("it heals by itself, and nobody was signed out", async () => {
        await assertUnavailable(() => sessions.validate(token));
        await redis.start();
        await healed();
        await assertGood();
      });

      test("what was asked for meanwhile is not done when it is back", async () => {
        const record = sessionRecord();
        await assert.rejects(store.insert(record, record.createdAt));
        await redis.start();
        await healed();
        assert.equal(await store.find(record.id), undefined);
      });

      test("a question bridges a short absence", async () => {
        const patient = new RedisSessionStore(opened.client, { timeout: 10_000 });
        const found = patient.find(token.id);
        await redis.start();
        assert.equal((await found)?.id, token.id);
      });
    });

    describe("when it hangs", () => {
      beforeEach(() => void redis.process.kill("SIGSTOP"));
      afterEach(() => void redis.process.kill("SIGCONT"));

      // Proves ASVS 13.1.3, ASVS 13.2.6.
      test("everything says so within the timeout, and goes on when it goes on", async () => {
        await assertUnavailable(() => sessions.validate(token));
        await assertUnavailable(() => sessions.create("ada"));
        redis.process.kill("SIGCONT");
        await healed();
        await assertGood();
      });
    });

    test("a connection that was cut is made anew", async () => {
      const killer = createClient({ url: redis.url });
      await killer.connect();
      await killer.sendCommand(["CLIENT", "KILL", "TYPE", "normal"]);
      await killer.close();
      await healed();
      await assertGood();
    });
  });
}
