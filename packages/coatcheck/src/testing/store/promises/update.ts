import assert from "node:assert/strict";
import type { SessionChange, SessionRecord } from "../../../core/store.ts";
import { beginning, fullRecord, hash, sessionRecord } from "../../record.ts";
import type { Connected, StoreCases } from "../case.ts";
import {
  assertEnded,
  assertKept,
  assertSessions,
  assertUnknown,
  insertAll,
  sessionIn,
} from "../expectations.ts";

const now = beginning + 60_000;
const seen = { lastSeenAt: now, expiresAt: now + 30 * 60_000 };
const secret = {
  secretHash: hash(),
  secretIssuedAt: now,
  pending: { secretHash: hash(), salt: "bmV3IHNhbHQ", fingerprint: hash(), startedAt: now },
  superseded: [{ secretHash: hash(), until: now + 30_000 }],
};
const authentication = {
  authenticatedAt: now,
  amr: ["pwd", "hwk"],
  client: { ip: "2001:db8::1", userAgent: "Mozilla/5.0 (Macintosh) Safari/605.1.15" },
  fingerprint: `tolerant:${hash()}`,
};
const data = new Map([["theme", '"light"']]);
const everyKind: readonly SessionChange[] = [
  { seen },
  { secret },
  { authentication },
  { data },
  { dataVersion: 9 },
];

export const update: StoreCases = {
  "changes fields of a live session; false if it is gone, expired at `now`, or no longer meets `condition`":
    async ({ store, elsewhere }) => {
      const record = sessionRecord({ expiresAt: now + 1, secretRevision: 4 });
      await insertAll(store, [record], now);
      assert.equal(await store.update(record.id, { seen }, now, { secretRevision: 3 }), false);
      assert.equal(await store.update(record.id, { seen }, now + 1), false);
      await assertKept(store, record);
      assert.equal(await elsewhere.update(record.id, { seen }, now, { secretRevision: 4 }), true);
      await assertKept(store, { ...record, ...seen });
      await store.delete(record.id, "logout", now);
      assert.equal(await elsewhere.update(record.id, { seen }, now), false);
    },

  "never creates": async ({ store }) => {
    const { id } = sessionRecord();
    for (const change of [{}, ...everyKind]) {
      assert.equal(await store.update(id, change, now), false);
      await assertUnknown(store, id);
    }
    await assertSessions(store, "ada", []);
  },

  // Proves ASVS 7.4.1, CVE-2025-46336.
  "never brings an ended session back": async ({ store, elsewhere }) => {
    const record = fullRecord();
    await insertAll(store, [record], now);
    await store.delete(record.id, "logout", now);
    for (const change of [{}, ...everyKind]) {
      assert.equal(await elsewhere.update(record.id, change, now), false);
      await assertEnded(store, record, "logout", now);
    }
  },

  "a change that changes nothing is still true": async ({ store }) => {
    const record = fullRecord();
    await insertAll(store, [record], now);
    const { lastSeenAt, expiresAt, authenticatedAt, amr, client, fingerprint, dataVersion } = record;
    const authentication = { authenticatedAt, amr, client, fingerprint };
    const same = { seen: { lastSeenAt, expiresAt }, authentication, dataVersion };
    for (const change of [{}, same, same]) assert.equal(await store.update(record.id, change, now), true);
    await assertKept(store, record);
  },

  "a session is dead from the millisecond of its deadline on, for every change": async ({ store }) => {
    const record = sessionRecord({ expiresAt: now });
    await insertAll(store, [record], beginning);
    assert.equal(await store.update(record.id, {}, now - 1), true);
    for (const change of everyKind) {
      assert.equal(await store.update(record.id, change, now), false);
      assert.equal(await store.update(record.id, change, now + 1), false);
    }
    await assertSessions(store, "ada", [record]);
  },

  "a touch. Neither time ever moves backwards": async ({ store, elsewhere }) => {
    const record = fullRecord({ expiresAt: now + 500 });
    await insertAll(store, [record], now);
    const touches = [
      { lastSeenAt: now, expiresAt: now + 2_000 },
      { lastSeenAt: now - 1, expiresAt: now + 1_000 },
      { lastSeenAt: now + 1, expiresAt: now + 1_999 },
      { lastSeenAt: now - 1, expiresAt: now + 2_001 },
      { lastSeenAt: now, expiresAt: now + 1_000 },
    ];
    for (const seen of touches) assert.equal(await elsewhere.update(record.id, { seen }, now), true);
    await assertKept(store, { ...record, lastSeenAt: now + 1, expiresAt: now + 2_001 });
  },

  "a touch moves the deadline that it is judged by": async ({ store }) => {
    const record = sessionRecord({ expiresAt: now + 1 });
    await insertAll(store, [record], now);
    assert.equal(await store.update(record.id, { seen }, now), true);
    assert.equal(await store.update(record.id, {}, seen.expiresAt - 1), true);
    assert.equal(await store.update(record.id, {}, seen.expiresAt), false);
  },

  "a new state of the secret. Advances `secretRevision`": async (on) => {
    await assertChange(on, fullRecord(), { secret }, { ...secret, secretRevision: 8 });
    await assertChange(on, sessionRecord(), { secret }, { ...secret, secretRevision: 1 });
  },

  "a new state of the secret without a pending renewal drops the old one": async ({ store }) => {
    const { pending: _, ...settled } = secret;
    for (const change of [settled, { ...settled, pending: undefined }]) {
      const { pending: _, ...record } = fullRecord();
      await insertAll(store, [fullRecord(record)], now);
      assert.equal(await store.update(record.id, { secret: change }, now), true);
      await assertKept(store, { ...record, ...settled, secretRevision: 8 });
    }
  },

  "superseded secrets are replaced as a whole": async ({ store }) => {
    const record = fullRecord();
    await insertAll(store, [record], now);
    for (const superseded of [record.superseded.slice(1), []]) {
      assert.equal(await store.update(record.id, { secret: { ...secret, superseded } }, now), true);
      assert.deepEqual((await sessionIn(store, record.id)).superseded, superseded);
    }
  },

  "the user proved again who they are": async (on) => {
    await assertChange(on, fullRecord(), { authentication }, authentication);
    await assertChange(on, sessionRecord(), { authentication }, authentication);
  },

  "the user proved again who they are, without a fingerprint: the old one is dropped": async ({ store }) => {
    const { fingerprint: _, ...unbound } = authentication;
    for (const change of [unbound, { ...unbound, fingerprint: undefined }]) {
      const { fingerprint: _, ...record } = fullRecord();
      await insertAll(store, [fullRecord(record)], now);
      assert.equal(await store.update(record.id, { authentication: change }, now), true);
      await assertKept(store, { ...record, ...unbound });
    }
  },

  "the schema version that the data has from now on": async (on) => {
    await assertChange(on, fullRecord(), { dataVersion: 9 }, { dataVersion: 9 });
    await assertChange(on, fullRecord(), { dataVersion: 1 }, { dataVersion: 1 });
  },

  "all groups of a change are written in one step": async (on) => {
    const record = fullRecord({ data: '{"theme":"dark","visits":3}' });
    await assertChange(
      on,
      record,
      { seen, secret, authentication, data, dataVersion: 9 },
      {
        ...seen,
        ...secret,
        ...authentication,
        data: '{"theme":"light","visits":3}',
        dataVersion: 9,
        secretRevision: record.secretRevision + 1,
        dataRevision: record.dataRevision + 1,
      },
    );
  },

  "a change whose condition is not met changes nothing": async ({ store, elsewhere }) => {
    const record = fullRecord({ secretRevision: 7, dataRevision: 12 });
    await insertAll(store, [record], now);
    const unmet = [
      { secretRevision: 6 },
      { secretRevision: 8 },
      { secretRevision: 0 },
      { dataRevision: 11 },
      { dataRevision: 13 },
      { secretRevision: 7, dataRevision: 0 },
      { secretRevision: 12, dataRevision: 12 },
    ];
    for (const condition of unmet) {
      for (const change of everyKind) {
        assert.equal(await elsewhere.update(record.id, change, now, condition), false);
      }
    }
    await assertKept(store, record);
  },

  "a condition holds for what it names and nothing else": async ({ store }) => {
    const record = fullRecord({ secretRevision: 0, dataRevision: 12 });
    await insertAll(store, [record], now);
    const met = [{}, { secretRevision: 0 }, { dataRevision: 12 }, { secretRevision: 0, dataRevision: 12 }];
    for (const condition of met) assert.equal(await store.update(record.id, { seen }, now, condition), true);
    await assertKept(store, { ...record, ...seen });
  },

  "only a new secret advances `secretRevision`, only new data `dataRevision`": async ({ store }) => {
    const record = sessionRecord();
    await insertAll(store, [record], now);
    await store.update(record.id, { seen, authentication, dataVersion: 9 }, now);
    assert.equal(
      await store.update(record.id, { secret }, now, { secretRevision: 0, dataRevision: 0 }),
      true,
    );
    assert.equal(await store.update(record.id, { data }, now, { secretRevision: 1, dataRevision: 0 }), true);
    assert.equal(await store.update(record.id, {}, now, { secretRevision: 1, dataRevision: 1 }), true);
  },

  "changes one session and no other": async ({ store }) => {
    const [record, neighbour] = [sessionRecord(), sessionRecord()];
    const stranger = sessionRecord({ userId: "grace" });
    await insertAll(store, [record, neighbour, stranger], now);
    for (const change of everyKind) await store.update(record.id, change, now);
    for (const other of [neighbour, stranger]) await assertKept(store, other);
  },
};

async function assertChange(
  { store, elsewhere }: Connected,
  record: SessionRecord,
  change: SessionChange,
  expected: Partial<SessionRecord>,
): Promise<void> {
  await insertAll(store, [record], now);
  assert.equal(await elsewhere.update(record.id, change, now), true);
  await assertKept(store, { ...record, ...expected });
}
