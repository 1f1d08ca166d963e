import assert from "node:assert/strict";
import type { RememberRecord, RememberStore } from "../../../core/remember-store.ts";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import { allAtOnce } from "../../store/case.ts";
import {
  assertForgotten,
  assertRemembered,
  assertSame,
  assertUserHas,
  countPruned,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

/** As many at once as a person with a script would try. */
const crowd = 50;

export const race: RememberCases = {
  "parallel uses at one revision: exactly one is true, and what it wrote stays": async (on) => {
    const record = rememberRecord();
    await rememberAll(on.store, [record], now);
    const uses = Array.from({ length: crowd }, () => ({ secret: usedSecret(), sessionId: newSessionId() }));
    const answers = await allAtOnce(on, uses, (store, use) => store.update(record.id, use, now, 0));
    const [winner, ...more] = uses.filter((_, index) => answers[index]);
    assert.equal(more.length, 0, `${more.length + 1} were told that they had won`);
    const { secret, sessionId } = winner!;
    const formerSessionId = record.sessionId;
    await assertRemembered(on.store, { ...record, ...secret, sessionId, formerSessionId, secretRevision: 1 });
    for (const { sessionId } of uses.filter((_, index) => !answers[index])) {
      assert.equal(await on.elsewhere.findBySession(sessionId), undefined);
    }
  },

  "parallel inserts with one id are one record": async (on) => {
    const { id } = rememberRecord();
    const records = Array.from({ length: crowd }, () => rememberRecord({ id }));
    const answers = await allAtOnce(on, records, (store, record) => store.insert(record, now));
    const accepted = records.filter((_, index) => answers[index]);
    assert.equal(accepted.length, 1);
    await assertUserHas(on.store, "ada", accepted);
  },

  "parallel inserts with one session are one record": async (on) => {
    const sessionId = newSessionId();
    const records = Array.from({ length: crowd }, () => rememberRecord({ sessionId }));
    const answers = await allAtOnce(on, records, (store, record) => store.insert(record, now));
    const accepted = records.filter((_, index) => answers[index]);
    assert.equal(accepted.length, 1);
    await assertUserHas(on.store, "ada", accepted);
    await assertRemembered(on.store, accepted[0]!);
  },

  "a session that several browsers are to have becomes that of one": async (on) => {
    const records = Array.from({ length: 8 }, () => rememberRecord());
    await rememberAll(on.store, records, now);
    const sessionId = newSessionId();
    const answers = await allAtOnce(on, records, (store, { id }) =>
      store.update(id, { secret: usedSecret(), sessionId }, now, 0),
    );
    const [winner, ...more] = records.filter((_, index) => answers[index]);
    assert.equal(more.length, 0);
    assert.equal((await on.store.findBySession(sessionId))?.id, winner!.id);
  },

  "update against delete: whoever is first, nothing is left and nothing comes back": async (on) => {
    const removals: readonly ((record: RememberRecord) => Promise<unknown>)[] = [
      ({ id }) => on.elsewhere.delete(id),
      ({ userId }) => on.elsewhere.deleteByUser(userId),
    ];
    for (const remove of removals) {
      const record = rememberRecord();
      await rememberAll(on.store, [record], now);
      const sessions = Array.from({ length: 4 }, () => newSessionId());
      const use = (index: number) =>
        on.store.update(record.id, { secret: usedSecret(), sessionId: sessions[index]! }, now, index);
      await Promise.all([use(0), remove(record), use(0), use(1), use(2)]);
      for (const revision of [0, 1, 2, 3]) assert.equal(await use(revision), false);
      await assertForgotten(on.store, record);
      for (const sessionId of sessions) assert.equal(await on.store.findBySession(sessionId), undefined);
    }
  },

  "update against deleteBySession: a use does not hide the browser from who ends the session it had": async (
    on,
  ) => {
    for (const order of ["use first", "end first"]) {
      const record = rememberRecord();
      await rememberAll(on.store, [record], now);
      const sessionId = newSessionId();
      const use = () => on.store.update(record.id, { secret: usedSecret(), sessionId }, now, 0);
      const end = () => on.elsewhere.deleteBySession(record.sessionId);
      const early = order === "use first" ? use() : undefined;
      const [ended] = await Promise.all([end(), early ?? use()]);
      assert.equal(ended?.id, record.id);
      await assertForgotten(on.store, record);
      assert.equal(await on.store.findBySession(sessionId), undefined);
    }
  },

  "update against deleteBySession by the former session: either the one or the other": async (on) => {
    const record = fullRememberRecord();
    await rememberAll(on.store, [record], now);
    const sessionId = newSessionId();
    const [used, ended] = await Promise.all([
      on.store.update(record.id, { secret: usedSecret(), sessionId }, now, record.secretRevision),
      on.elsewhere.deleteBySession(record.formerSessionId!),
    ]);
    assert.equal(used, ended === undefined);
    if (ended) await assertForgotten(on.store, record);
    else await assertRemembered(on.store, (await on.store.findBySession(sessionId))!);
  },

  "delete against delete: exactly one has it, by whichever name": async (on) => {
    const record = fullRememberRecord();
    await rememberAll(on.store, [record], now);
    const deeds: readonly ((store: RememberStore) => Promise<readonly (RememberRecord | undefined)[]>)[] = [
      async (store) => [await store.delete(record.id)],
      async (store) => [await store.deleteBySession(record.sessionId)],
      async (store) => [await store.deleteBySession(record.formerSessionId!)],
      (store) => store.deleteByUser("ada"),
    ];
    const answers = await allAtOnce(on, Array.from({ length: crowd }).keys(), (store, index) =>
      deeds[Math.floor(index / 2) % deeds.length]!(store),
    );
    assertSame(answers.flat(), [record]);
    await assertForgotten(on.store, record);
  },

  "deleteByUser against insert: every record is either removed or there": async (on) => {
    const records = Array.from({ length: crowd }, () => fullRememberRecord());
    const removed = await allAtOnce(on, records, async (store, record) => {
      await store.insert(record, now);
      return store.deleteByUser("ada", records[0]!.sessionId);
    });
    assertSame([...(await on.store.findByUser("ada")), ...removed.flat()], records);
    for (const record of removed.flat()) await assertForgotten(on.store, record);
    await assertRemembered(on.store, records[0]!);
  },

  "nobody ever sees half of a deleteByUser": async (on) => {
    const records = Array.from({ length: crowd }, () => rememberRecord());
    await rememberAll(on.store, records, now);
    const counts = await allAtOnce(on, records, async (store, _, index) => {
      if (index === 5) await store.deleteByUser("ada");
      return (await store.findByUser("ada")).length;
    });
    for (const count of counts) assert.ok(count === 0 || count === crowd, `${count} of ${crowd} were seen`);
  },

  "several who prune at once count each expired record once": async (on) => {
    const dead = Array.from({ length: crowd }, () => rememberRecord({ expiresAt: now }));
    const live = Array.from({ length: 10 }, () => rememberRecord({ expiresAt: now + 1 }));
    await rememberAll(on.store, [...dead, ...live], now - 1);
    const counts = await allAtOnce(on, Array.from({ length: 4 }), (store) => countPruned(store, now, 7));
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      crowd,
    );
    await assertUserHas(on.store, "ada", live);
  },

  "every method is one atomic step of its backend": async (on) => {
    const records = Array.from({ length: crowd }, () => rememberRecord());
    const removed = await allAtOnce(on, records, async (store, record, index) => {
      const other = records[index - 1] ?? record;
      const deeds = [
        store.insert(record, now).then(() => []),
        store.update(record.id, { secret: usedSecret(), sessionId: newSessionId() }, now, 0).then(() => []),
        store.deleteBySession(other.sessionId),
        index % 3 === 0 ? store.delete(other.id) : [],
        index % 10 === 9 ? store.deleteByUser("ada", record.sessionId) : [],
      ];
      return (await Promise.all(deeds)).flat().filter((each) => each !== undefined);
    });
    await assertEachOnce(on.store, records, removed.flat());
  },
};

/** Every record that came in is either there, whole, or was handed to exactly one of those who removed it. */
async function assertEachOnce(
  store: RememberStore,
  all: readonly RememberRecord[],
  gone: readonly RememberRecord[],
): Promise<void> {
  const there = await store.findByUser("ada");
  assert.deepEqual(
    [...there, ...gone].map(({ id }) => id).sort(),
    all.map(({ id }) => id).sort(),
    "A record was lost, or removed twice",
  );
  for (const record of there) await assertRemembered(store, record);
  for (const record of gone) await assertForgotten(store, record);
}
