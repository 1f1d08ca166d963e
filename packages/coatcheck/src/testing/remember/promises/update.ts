import assert from "node:assert/strict";
import type { RememberChange, RememberRecord, RememberStore } from "../../../core/remember-store.ts";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import type { Connected } from "../../store/case.ts";
import {
  assertForgotten,
  assertRemembered,
  assertUserHas,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning + 60_000;

export const update: RememberCases = {
  "changes a record; false if it is gone, expired at `now`, at another revision, or if the new session is known already":
    async ({ store, elsewhere }) => {
      const [record, other] = [fullRememberRecord({ expiresAt: now + 1 }), fullRememberRecord()];
      await rememberAll(store, [record, other], now);
      const { secretRevision, sessionId, formerSessionId } = record;
      const secret = usedSecret();
      const refused: readonly (readonly [change: RememberChange, now: number, revision: number])[] = [
        [{ secret }, now + 1, secretRevision],
        [{ secret }, now, secretRevision - 1],
        [{ secret }, now, secretRevision + 1],
        [{ secret }, now, 0],
        ...[sessionId, formerSessionId!, other.sessionId, other.formerSessionId!].map(
          (sessionId) => [{ secret, sessionId }, now, secretRevision] as const,
        ),
      ];
      for (const refusal of refused) assert.equal(await elsewhere.update(record.id, ...refusal), false);
      for (const each of [record, other]) await assertRemembered(store, each);
      assert.equal(await elsewhere.update(record.id, { secret }, now, secretRevision), true);
      await assertRemembered(store, { ...record, ...secret, secretRevision: secretRevision + 1 });
      await store.delete(record.id);
      assert.equal(await elsewhere.update(record.id, { secret }, now, secretRevision + 1), false);
    },

  "never creates": async ({ store }) => {
    const unknown = rememberRecord();
    for (const change of [{ secret: usedSecret() }, use()]) {
      assert.equal(await store.update(unknown.id, change, now, 0), false);
      await assertForgotten(store, unknown);
      if (change.sessionId) assert.equal(await store.findBySession(change.sessionId), undefined);
    }
    await assertUserHas(store, "ada", []);
  },

  "a removed record stays removed": async ({ store, elsewhere }) => {
    const record = fullRememberRecord();
    await rememberAll(store, [record], now);
    await store.delete(record.id);
    for (const change of [{ secret: usedSecret() }, use()]) {
      assert.equal(await elsewhere.update(record.id, change, now, record.secretRevision), false);
      await assertForgotten(store, record);
    }
  },

  "a record is dead from the millisecond of its deadline on, and no use moves that": async ({ store }) => {
    const record = rememberRecord({ expiresAt: now + 2 });
    await rememberAll(store, [record], now);
    assert.equal(await store.update(record.id, { ...use(), lastUsedAt: now + 1 }, now + 1, 0), true);
    assert.equal((await store.find(record.id))?.expiresAt, now + 2);
    for (const later of [2, 3]) assert.equal(await store.update(record.id, use(), now + later, 1), false);
  },

  "the revision advances by one with each change": async (on) => {
    await assertChange(on, fullRememberRecord(), { secret: usedSecret() }, { secretRevision: 8 });
    await assertChange(on, rememberRecord(), { secret: usedSecret() }, { secretRevision: 1 });
    const record = rememberRecord();
    await rememberAll(on.store, [record], now);
    for (let revision = 0; revision < 5; revision++) {
      assert.equal(await on.store.update(record.id, use(), now, revision), true);
    }
    assert.equal((await on.store.find(record.id))?.secretRevision, 5);
  },

  "a new state of the secret without a pending use drops the old one": async ({ store }) => {
    const { pending: _, ...settled } = usedSecret();
    for (const secret of [settled, { ...settled, pending: undefined }]) {
      const { pending: _, ...record } = fullRememberRecord();
      await rememberAll(store, [fullRememberRecord(record)], now);
      assert.equal(await store.update(record.id, { secret }, now, 7), true);
      await assertRemembered(store, { ...record, ...settled, secretRevision: 8 });
    }
  },

  "superseded secrets are replaced as a whole": async (on) => {
    const record = fullRememberRecord();
    for (const superseded of [record.superseded.slice(1), []]) {
      await assertChange(on, fullRememberRecord(), { secret: { ...usedSecret(), superseded } }, {});
    }
  },

  "the session there was becomes the former one": async (on) => {
    for (const record of [rememberRecord(), fullRememberRecord()]) {
      const change = use();
      const formerSessionId = record.sessionId;
      await assertChange(on, record, change, { sessionId: change.sessionId!, formerSessionId });
      if (record.formerSessionId) {
        assert.equal(await on.store.findBySession(record.formerSessionId), undefined);
      }
    }
  },

  "without a new session, the session and the former one stay": async (on) => {
    await assertChange(on, fullRememberRecord(), { secret: usedSecret(), lastUsedAt: now }, {});
  },

  "the last use never moves backwards": async (on) => {
    const record = fullRememberRecord({ lastUsedAt: now });
    const { secret } = use();
    await assertChange(on, record, { secret, lastUsedAt: now - 1 }, { lastUsedAt: now });
    await assertChange(on, fullRememberRecord(), { secret, lastUsedAt: now + 1 }, { lastUsedAt: now + 1 });
  },

  "changes one record and no other": async ({ store }) => {
    const [record, neighbour] = [rememberRecord(), fullRememberRecord()];
    const stranger = fullRememberRecord({ userId: "grace" });
    await rememberAll(store, [record, neighbour, stranger], now);
    assert.equal(await store.update(record.id, use(), now, 0), true);
    for (const other of [neighbour, stranger]) await assertRemembered(store, other);
  },
};

/** What a use of the browser's token writes. */
function use(): RememberChange {
  return { secret: usedSecret(), sessionId: newSessionId(), lastUsedAt: now };
}

/** The change is made, and with it changes what it names, its revision, and nothing else but `expected`. */
async function assertChange(
  { store, elsewhere }: Connected<RememberStore>,
  record: RememberRecord,
  change: RememberChange,
  expected: Partial<RememberRecord>,
): Promise<void> {
  await rememberAll(store, [record], now);
  assert.equal(await elsewhere.update(record.id, change, now, record.secretRevision), true);
  const { secret, lastUsedAt = record.lastUsedAt } = change;
  const secretRevision = record.secretRevision + 1;
  await assertRemembered(store, {
    ...record,
    ...(secret as ReturnType<typeof usedSecret>),
    lastUsedAt,
    secretRevision,
    ...expected,
  });
}
