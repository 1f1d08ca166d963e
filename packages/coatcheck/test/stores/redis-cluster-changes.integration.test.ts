/** A Redis Cluster that changes under its sessions: slots move between masters, and masters come and go. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { type RunningCluster, startRedisCluster } from "../../../../test/servers/redis.ts";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { RememberRecord } from "../../src/core/remember-store.ts";
import { isEnded, type SessionRecord } from "../../src/core/store.ts";
import { routingTag } from "../../src/core/token.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { beginning, sessionRecord, usedSecret } from "../../src/testing/record.ts";
import { assertForgotten, assertRemembered, rememberAll } from "../../src/testing/remember/expectations.ts";
import { fullRememberRecord, newSessionId } from "../../src/testing/remember-record.ts";
import { answered, ioRedisCluster, nodeRedisCluster, type Opened } from "./redis-clients.ts";
import { type Administered, administered, SlotMove } from "./redis-slot-move.ts";

const now = beginning;
const timeout = 500;
const connects = Object.entries({ "node-redis": nodeRedisCluster, ioredis: ioRedisCluster });

describe("A Redis cluster", () => {
  let cluster: RunningCluster;
  let masters: readonly Administered[];
  before(async () => {
    cluster = await startRedisCluster();
    masters = await Promise.all(cluster.masters.map(administered));
  });
  after(async () => {
    for (const master of masters) master.close();
    await cluster[Symbol.asyncDispose]();
  });

  for (const [name, connect] of connects) {
    describe(`that changes, through ${name}`, () => {
      let opened: Opened;
      let store: RedisSessionStore;
      before(async () => {
        opened = await connect(cluster);
        store = new RedisSessionStore(opened.client, { timeout });
      });
      after(() => opened.close());

      describe("while the slot of a user moves", () => {
        let move: SlotMove;
        let records: SessionRecord[];

        beforeEach(async () => {
          records = Array.from({ length: 3 }, () => sessionRecord());
          for (const record of records) await store.insert(record, now);
          move = await SlotMove.of("ada", masters);
        });
        afterEach(async () => {
          await move.finish();
          await store.deleteByUser("ada", "revoked", now);
        });

        const arrived: Readonly<Record<string, (keys: readonly string[]) => readonly string[]>> = {
          "nothing has": () => [],
          "one session has": (keys) => keys.filter(isSession).slice(0, 1),
          "the index has": (keys) => keys.filter((key) => !isSession(key)),
          "all but one session have": (keys) => keys.filter((key) => key !== keys.find(isSession)),
          "everything has": (keys) => keys,
        };
        for (const [what, select] of Object.entries(arrived)) {
          test(`and ${what} arrived, everything is done as a whole, or fails`, async () => {
            await move.move(select);
            for (const record of records) assert.deepEqual(await store.find(record.id), record);

            const listed = await store.findByUser("ada").catch(() => records);
            assert.equal(listed.length, 3);

            const limit = { maximum: 3, exceeded: "refuse" } as const;
            const result = await store.insert(sessionRecord(), now, limit).catch(() => undefined);
            assert.notEqual(result?.inserted, true);

            const updates = records.map(({ id }) =>
              store.update(id, { dataVersion: 7 }, now).catch(() => false),
            );
            const written = await Promise.all(updates);

            const ended = await store.deleteByUser("ada", "revoked", now).catch(() => []);
            assert.ok(ended.length === 0 || ended.length === 3);

            const one = await store.delete(records[0]!.id, "logout", now).catch(() => undefined);

            await move.finish();
            for (const [index, { id }] of records.entries()) {
              const found = await store.find(id);
              assert.equal(isEnded(found!), ended.length > 0 || one?.id === id);
              if (!isEnded(found!)) assert.equal(found!.dataVersion, written[index] ? 7 : 1);
            }
            const left = await store.deleteByUser("ada", "revoked", now);
            assert.equal(left.length + ended.length + (one ? 1 : 0), 3);
          });
        }
      });

      describe("while the slot of a user whose browsers are remembered moves", () => {
        let move: SlotMove;
        let records: RememberRecord[];

        beforeEach(async () => {
          records = Array.from({ length: 2 }, () => fullRememberRecord());
          await rememberAll(store.remember, records, now);
          move = await SlotMove.of("ada", masters);
        });
        afterEach(async () => {
          await move.finish();
          await store.remember.deleteByUser("ada");
        });

        const arrived: Readonly<Record<string, (key: string) => boolean>> = {
          nothing: () => false,
          "the records": (key) => key.includes(":remember:"),
          "the keys of the sessions": (key) => key.includes(":remember-session:"),
          "the key of one session": (key) => key.includes(`:remember-session:${records[0]!.sessionId}`),
          "the index": (key) => key.includes(":remember-user:"),
          "all but one record": (key) => !key.includes(records[0]!.id),
          everything: () => true,
        };
        for (const [what, select] of Object.entries(arrived)) {
          test(`and of its keys ${what} arrived, everything is done as a whole, or fails`, async () => {
            const { remember } = store;
            await move.move((keys) => keys.filter(select));
            const [one, other] = records as [RememberRecord, RememberRecord];
            for (const record of records) assert.deepEqual(await remember.find(record.id), record);
            for (const sessionId of [one.sessionId, one.formerSessionId!]) {
              assert.deepEqual(await remember.findBySession(sessionId).catch(() => one), one);
            }
            assert.equal((await remember.findByUser("ada").catch(() => records)).length, 2);
            assert.notEqual(await remember.insert(fullRememberRecord(), now).catch(() => false), true);

            const { secret, sessionId } = { secret: usedSecret(), sessionId: newSessionId() };
            const used = await remember.update(one.id, { secret, sessionId }, now, 7).catch(() => false);
            const confirmed = await remember.update(other.id, { secret }, now, 7).catch(() => false);
            await remember.deleteExpired(now, 1_000);
            const ended = await remember.deleteBySession(other.sessionId).catch(() => undefined);
            const all = await remember.deleteByUser("ada").catch(() => []);

            await move.finish();
            const expected = [
              used
                ? { ...one, ...secret, sessionId, formerSessionId: one.sessionId, secretRevision: 8 }
                : one,
              confirmed ? { ...other, ...secret, secretRevision: 8 } : other,
            ];
            const gone = [...(ended ? [ended] : []), ...all].map(({ id }) => id);
            for (const record of expected) {
              if (gone.includes(record.id)) await assertForgotten(remember, record);
              else await assertRemembered(remember, record);
            }
            if (!used) assert.equal(await remember.findBySession(sessionId), undefined);
          });
        }
      });

      test("says in time that a master hangs, and the others go on meanwhile", async () => {
        const sessions = new SessionManager({ store, warn: () => {} });
        const [first, second] = await Promise.all(masters.map(userOf));
        const { token } = await sessions.create(first!);
        const { token: elsewhere } = await sessions.create(second!);
        const { process: hanging } = cluster.masters[0]!;
        hanging.kill("SIGSTOP");
        try {
          const start = performance.now();
          await assert.rejects(sessions.validate(token), StoreUnavailableError);
          assert.ok(performance.now() - start < timeout + 1_500);
          assert.equal((await sessions.validate(elsewhere)).ok, true);
        } finally {
          hanging.kill("SIGCONT");
        }
        assert.equal((await answered(() => sessions.validate(token))).ok, true);
      });

      test("goes on when a master was restarted, and the others go on meanwhile", async () => {
        const sessions = new SessionManager({ store, warn: () => {} });
        const [first, second] = await Promise.all(masters.map(userOf));
        const { token } = await sessions.create(first!);
        const { token: elsewhere } = await sessions.create(second!);
        await cluster.masters[0]!.stop();
        await assert.rejects(sessions.validate(token), StoreUnavailableError);
        assert.equal((await sessions.validate(elsewhere)).ok, true);
        await cluster.masters[0]!.start();
        // It keeps nothing on disk: its sessions are gone, and that is an answer.
        const validation = await answered(() => sessions.validate(token));
        assert.deepEqual(validation, { ok: false, rejection: { reason: "unknown" } });
        assert.equal((await sessions.validate(elsewhere)).ok, true);
        const { token: another } = await answered(() => sessions.create(first!));
        assert.equal((await sessions.validate(another)).ok, true);
        assert.equal((await answered(() => sessions.ready())).ready, true);
      });
    });
  }
});

/** A user whose sessions this master has. */
async function userOf({ tell }: Administered): Promise<string> {
  for (let number = 0; ; number++) {
    const userId = `user ${number}`;
    const reply = await tell("EXISTS", `{${routingTag(userId)}}`).catch(() => "MOVED");
    if (reply !== "MOVED") return userId;
  }
}

function isSession(key: string): boolean {
  return key.includes(":session:");
}
