import assert from "node:assert/strict";
import type { SessionId } from "../../../core/token.ts";
import { beginning, usedSecret } from "../../record.ts";
import { fullRememberRecord, newSessionId, rememberRecord } from "../../remember-record.ts";
import {
  assertRemembered,
  assertSame,
  assertUnknownSession,
  assertUserHas,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

export const find: RememberCases = {
  "the record, or undefined": async ({ store, elsewhere }) => {
    const [record, unknown] = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(store, [record], now);
    for (const each of [store, elsewhere]) {
      assertSame([await each.find(record.id)], [record]);
      assert.equal(await each.find(unknown.id), undefined);
    }
  },

  "may return expired records: the rule judges": async ({ store }) => {
    const record = rememberRecord({ expiresAt: now + 1 });
    await rememberAll(store, [record], now);
    assert.equal(await store.update(record.id, { secret: usedSecret() }, now + 1, 0), false);
    const found = await store.find(record.id);
    if (found) assertSame([found], [record]);
  },

  "is exact: neither a part of an id nor another spelling of it finds anything": async ({ store }) => {
    const record = fullRememberRecord();
    await rememberAll(store, [record], now);
    for (const id of misspelt(record.id)) assert.equal(await store.find(id), undefined);
    for (const id of [...misspelt(record.sessionId), ...misspelt(record.formerSessionId!)]) {
      await assertUnknownSession(store, id);
    }
  },
};

export const findBySession: RememberCases = {
  "the record whose session, or former session, this is": async ({ store, elsewhere }) => {
    const [record, other] = [fullRememberRecord(), fullRememberRecord()];
    await rememberAll(store, [record, other], now);
    for (const each of [store, elsewhere]) {
      assertSame([await each.findBySession(record.sessionId)], [record]);
      assertSame([await each.findBySession(record.formerSessionId!)], [record]);
    }
    await assertUnknownSession(store, newSessionId());
  },

  "follows the uses: the session before the former one is forgotten": async ({ store, elsewhere }) => {
    const record = rememberRecord();
    const sessions = [record.sessionId, ...Array.from({ length: 3 }, () => newSessionId())];
    await rememberAll(store, [record], now);
    for (let used = 1; used < sessions.length; used++) {
      const [former, sessionId] = [sessions[used - 1]!, sessions[used]!];
      assert.equal(
        await elsewhere.update(record.id, { secret: usedSecret(), sessionId }, now, used - 1),
        true,
      );
      const found = await store.findBySession(sessionId);
      assert.equal(found?.sessionId, sessionId);
      assert.equal(found?.formerSessionId, former);
      assertSame([await store.findBySession(former)], [found!]);
      for (const forgotten of sessions.slice(0, used - 1)) await assertUnknownSession(store, forgotten);
    }
  },

  "the id of a record is not a session of it, nor the other way round": async ({ store }) => {
    const record = fullRememberRecord();
    await rememberAll(store, [record], now);
    await assertUnknownSession(store, record.id);
    assert.equal(await store.deleteBySession(record.id), undefined);
    for (const sessionId of [record.sessionId, record.formerSessionId!]) {
      assert.equal(await store.find(sessionId), undefined);
      assert.equal(await store.delete(sessionId), undefined);
      assert.equal(await store.update(sessionId, { secret: usedSecret() }, now, 7), false);
    }
    await assertRemembered(store, record);
  },
};

export const findByUser: RememberCases = {
  "the user's records in any order, expired ones that were not pruned yet included": async ({
    store,
    elsewhere,
  }) => {
    const hers = [fullRememberRecord(), rememberRecord({ expiresAt: now + 1 }), rememberRecord()];
    const his = rememberRecord({ userId: "grace" });
    await rememberAll(store, [...hers, his], now);
    await assertUserHas(elsewhere, "ada", hers);
    await assertUserHas(elsewhere, "grace", [his]);
  },

  "a user without remembered browsers has none, and removed ones are none": async ({ store, elsewhere }) => {
    await assertUserHas(store, "ada", []);
    const record = rememberRecord();
    await rememberAll(store, [record], now);
    await elsewhere.delete(record.id);
    await assertUserHas(store, "ada", []);
  },
};

function misspelt(id: SessionId): SessionId[] {
  const swapped = Array.from(id, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
  return [id.slice(0, -1), `${id}A`, `${id} `, swapped.join(""), "%", "*", ""] as SessionId[];
}
