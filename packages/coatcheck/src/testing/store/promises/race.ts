import assert from "node:assert/strict";
import { SessionManager } from "../../../core/manager.ts";
import { isEnded, type SessionRecord, type SessionStore } from "../../../core/store.ts";
import { beginning, hash, sessionRecord } from "../../record.ts";
import { walk } from "../../walk.ts";
import { allAtOnce, type StoreCases } from "../case.ts";
import {
  assertEnded,
  assertKept,
  assertSame,
  assertSessions,
  evictAt,
  insertAll,
  refuseAt,
  sessionIn,
} from "../expectations.ts";

const now = beginning;
const seen = { lastSeenAt: now + 1, expiresAt: now + 60 * 60_000 };

function managerOf(store: SessionStore): SessionManager {
  return new SessionManager({ store, now: () => now });
}

/** As many at once as a person with a script would try. */
const crowd = 40;

export const race: StoreCases = {
  "of many who take a one-time message at once, exactly one gets it, and no other write is lost": async (
    on,
  ) => {
    const managers = { store: managerOf(on.store), elsewhere: managerOf(on.elsewhere) };
    const { session } = await managers.store.create("ada", { data: { kept: true } });
    await managers.elsewhere.flash(session.id, "notice", "Saved");
    const taken = await allAtOnce(managers, Array.from({ length: crowd }).keys(), async (manager, at) => {
      await manager.update(session.id, { [`tab ${at}`]: true });
      return manager.pop(session.id, "notice");
    });
    assert.deepEqual(
      taken.filter((message) => message !== undefined),
      ["Saved"],
    );
    const left = await managers.elsewhere.find(session.id);
    assert.equal(left!.hasFlash("notice"), false);
    assert.equal(Object.keys(left!.data).length, crowd + 1);
  },

  // spring-security#12867
  "parallel sign-ins under a limit that evicts end exactly at the limit": async (on) => {
    const records = Array.from({ length: crowd }, (_, index) => sessionRecord({ createdAt: now + index }));
    const results = await allAtOnce(on, records, (store, record) => store.insert(record, now, evictAt(3)));
    const left = await on.store.findByUser("ada");
    assert.equal(left.length, 3);
    const ended = results.flatMap((result) => (result.inserted ? result.ended : []));
    assertSame([...left, ...ended.map(({ record }) => record)], records);
    for (const { record } of ended) await assertEnded(on.store, record, "evicted", now);
  },

  "parallel sign-ins under a limit that refuses end exactly at the limit": async (on) => {
    const records = Array.from({ length: crowd }, () => sessionRecord());
    const results = await allAtOnce(on, records, (store, record) => store.insert(record, now, refuseAt(3)));
    const accepted = records.filter((_, index) => results[index]!.inserted);
    assert.equal(accepted.length, 3);
    await assertSessions(on.store, "ada", accepted);
  },

  // Proves WSTG-SESS-11, ASVS 15.4.2.
  "nobody ever sees more sessions than the limit": async (on) => {
    const records = Array.from({ length: crowd }, () => sessionRecord());
    const counts = await allAtOnce(on, records, async (store, record) => {
      const inserting = store.insert(record, now, evictAt(3));
      const during = await store.findByUser("ada");
      await inserting;
      const after = await store.findByUser("ada");
      return Math.max(during.length, after.length);
    });
    assert.ok(Math.max(...counts) <= 3, `${Math.max(...counts)} sessions were seen under a limit of 3`);
  },

  "parallel sign-ins with one id are one session": async (on) => {
    const { id } = sessionRecord();
    const records = Array.from({ length: crowd }, () => sessionRecord({ id }));
    const results = await allAtOnce(on, records, (store, record) => store.insert(record, now));
    const [accepted, ...more] = records.filter((_, index) => results[index]!.inserted);
    assert.deepEqual(more, []);
    await assertSessions(on.store, "ada", [accepted!]);
  },

  "a session that several replace is replaced once": async (on) => {
    const replaced = sessionRecord();
    await insertAll(on.store, [replaced], now);
    const records = Array.from({ length: crowd }, () => sessionRecord());
    const limit = evictAt(Number.POSITIVE_INFINITY, replaced.id);
    const results = await allAtOnce(on, records, (store, record) => store.insert(record, now, limit));
    const ended = results.flatMap((result) => (result.inserted ? result.ended : []));
    assertSame(
      ended.map(({ record }) => record),
      [replaced],
    );
  },

  "renew against renew: exactly one wins, and what it wrote stays": async (on) => {
    const record = sessionRecord();
    await insertAll(on.store, [record], now);
    const hashes = Array.from({ length: crowd }, hash);
    const results = await allAtOnce(on, hashes, (store, secretHash) => {
      const secret = { secretHash, secretIssuedAt: now, superseded: [] };
      return store.update(record.id, { secret }, now, { secretRevision: 0 });
    });
    const winners = hashes.filter((_, index) => results[index]);
    assert.equal(winners.length, 1);
    await assertKept(on.store, { ...record, secretHash: winners[0]!, secretRevision: 1 });
  },

  // Proves ASVS 15.4.2, CVE-2025-46336.
  "update against delete: whoever is first, the session stays dead": async (on) => {
    for (const order of ["update first", "delete first"]) {
      const record = sessionRecord();
      await insertAll(on.store, [record], now);
      const touch = () => on.store.update(record.id, { seen }, now);
      const signOut = () => on.elsewhere.delete(record.id, "logout", now);
      const deeds = order === "update first" ? [touch, signOut, touch] : [signOut, touch, touch];
      await Promise.all(deeds.map((deed) => deed()));
      await assertEnded(on.store, record, "logout", now);
    }
  },

  "update against deleteByUser: the session stays dead": async (on) => {
    const record = sessionRecord();
    await insertAll(on.store, [record], now);
    const deeds = Array.from({ length: crowd }, (_, index) => async (store: SessionStore) => {
      if (index === 7) await store.deleteByUser("ada", "revoked", now);
      else await store.update(record.id, { seen, data: new Map([[`key ${index}`, "1"]]) }, now);
    });
    await allAtOnce(on, deeds, (store, deed) => deed(store));
    await assertEnded(on.store, record, "revoked", now);
  },

  "delete against delete: exactly one has it": async (on) => {
    const record = sessionRecord();
    await insertAll(on.store, [record], now);
    const answers = await allAtOnce(on, Array.from({ length: crowd }).keys(), (store, index) =>
      index % 4 === 3
        ? store.deleteByUser("ada", "revoked", now)
        : store.delete(record.id, "logout", now).then((ended) => (ended ? [ended] : [])),
    );
    assertSame(answers.flat(), [record]);
  },

  // Proves better-auth#11073, ASVS 15.4.2.
  "deleteByUser against insert: every session is either ended or alive": async (on) => {
    const records = Array.from({ length: crowd }, () => sessionRecord());
    const ended = await allAtOnce(on, records, async (store, record) => {
      await store.insert(record, now);
      return store.deleteByUser("ada", "revoked", now, records[0]!.id);
    });
    assertSame([...(await on.store.findByUser("ada")), ...ended.flat()], records);
    for (const record of ended.flat()) await assertEnded(on.store, record, "revoked", now);
    await assertKept(on.store, records[0]!);
  },

  // Proves better-auth#11073, ASVS 2.3.3.
  "nobody ever sees half of a deleteByUser": async (on) => {
    const records = Array.from({ length: crowd }, () => sessionRecord());
    await insertAll(on.store, records, now);
    const counts = await allAtOnce(on, records, async (store, _, index) => {
      if (index === 5) await store.deleteByUser("ada", "revoked", now);
      return (await store.findByUser("ada")).length;
    });
    for (const count of counts) assert.ok(count === 0 || count === crowd, `${count} of ${crowd} were seen`);
  },

  "writes to different keys of the data all survive": async (on) => {
    const record = sessionRecord({ data: "{}" });
    await insertAll(on.store, [record], now);
    const keys = Array.from({ length: crowd }, (_, index) => `key ${index}`);
    await allAtOnce(on, keys, (store, key) =>
      store.update(record.id, { data: new Map([[key, '"kept"']]) }, now),
    );
    const data = JSON.stringify(Object.fromEntries(keys.map((key) => [key, "kept"])));
    await assertKept(on.store, { ...record, data, dataRevision: crowd });
  },

  "a counter that is written on the revision it was read at counts everybody": async (on) => {
    const record = sessionRecord({ data: '{"count":0}' });
    await insertAll(on.store, [record], now);
    await allAtOnce(on, Array.from({ length: 8 }), (store) => count(store, record));
    const { data } = await sessionIn(on.store, record.id);
    assert.deepEqual(JSON.parse(data), { count: 8 });
  },

  "a touch, a renewal and a data change at once all survive": async (on) => {
    const record = sessionRecord({ data: "{}" });
    await insertAll(on.store, [record], now);
    const secret = { secretHash: hash(), secretIssuedAt: now, superseded: [] };
    const changes = [{ seen }, { secret }, { data: new Map([["a", "1"]]) }, { dataVersion: 2 }];
    await allAtOnce(on, changes, (store, change) => store.update(record.id, change, now));
    const expected = { ...record, ...seen, ...secret, data: '{"a":1}', dataVersion: 2 };
    await assertKept(on.store, { ...expected, secretRevision: 1, dataRevision: 1 });
  },

  "two who prune at once report each expired session once": async (on) => {
    const dead = Array.from({ length: crowd }, () => sessionRecord({ expiresAt: now }));
    await insertAll(on.store, dead, now - 1);
    const steps = await allAtOnce(on, Array.from({ length: 4 }), (store) => walk(store, now, 7));
    assertSame(
      steps.flat().flatMap(({ expired }) => expired),
      dead,
    );
  },

  // Proves ASVS 2.3.3, ASVS 15.4.2.
  "every method is one atomic step of its backend": async (on) => {
    const records = Array.from({ length: crowd }, (_, index) => sessionRecord({ createdAt: now + index }));
    const ended = await allAtOnce(on, records, async (store, record, index) => {
      const others = [
        store.delete(records[index - 1]?.id ?? record.id, "logout", now).then((one) => (one ? [one] : [])),
        index % 10 === 9 ? store.deleteByUser("ada", "revoked", now, record.id) : [],
        store.update(record.id, { seen }, now).then(() => []),
      ];
      const result = await store.insert(record, now, evictAt(4));
      const evicted = result.inserted ? result.ended.map((one) => one.record) : [];
      return [...evicted, ...(await Promise.all(others)).flat()];
    });
    await assertEachOnce(on.store, records, ended.flat());
  },
};

/** Every session that came in is either alive or ended, and was handed to exactly one of those who ended it. */
async function assertEachOnce(
  store: SessionStore,
  all: readonly SessionRecord[],
  ended: readonly SessionRecord[],
): Promise<void> {
  const alive = await store.findByUser("ada");
  assert.ok(alive.length <= 4, `${alive.length} sessions under a limit of 4`);
  assert.deepEqual(
    [...alive, ...ended].map(({ id }) => id).sort(),
    all.map(({ id }) => id).sort(),
    "A session was lost, or ended twice",
  );
  for (const { id } of ended) {
    const found = await store.find(id);
    assert.ok(found && isEnded(found), "An ended session has no tombstone");
  }
}

async function count(store: SessionStore, { id }: SessionRecord): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const { data, dataRevision } = await sessionIn(store, id);
    const next = new Map([["count", String(JSON.parse(data).count + 1)]]);
    if (await store.update(id, { data: next }, now, { dataRevision })) return;
  }
  assert.fail("A thousand attempts, and always somebody was faster");
}
