import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../case.ts";
import {
  assertAccepted,
  assertEnded,
  assertKept,
  assertSame,
  assertSessions,
  insertAll,
  refuseAt,
} from "../expectations.ts";
import { oddUserIds, usersOfOneTag } from "../odd-users.ts";

const now = beginning;

export const user: StoreCases = {
  "a user id is any well-formed Unicode, and names one user and no other": async ({ store, elsewhere }) => {
    const records = oddUserIds.map((userId) => fullRecord({ userId }));
    await insertAll(store, records, now);
    for (const record of records) {
      await assertKept(elsewhere, record);
      await assertSessions(elsewhere, record.userId, [record]);
    }
  },

  "every user has a limit of their own, whatever their id": async ({ store }) => {
    for (const userId of oddUserIds)
      await assertAccepted(store.insert(sessionRecord({ userId }), now, refuseAt(1)));
  },

  "ending the sessions of one user ends nobody else's, whatever their ids": async ({ store, elsewhere }) => {
    const records = oddUserIds.map((userId) => sessionRecord({ userId }));
    await insertAll(store, records, now);
    for (const [index, record] of records.entries()) {
      assertSame(await elsewhere.deleteByUser(record.userId, "revoked", now), [record]);
      await assertEnded(store, record, "revoked", now);
      const next = records[index + 1];
      if (next) await assertSessions(store, next.userId, [next]);
    }
  },

  "users who share a routing tag share nothing else": async ({ store }) => {
    const [one, other] = usersOfOneTag();
    const records = [one, other].map((userId) => sessionRecord({ userId }));
    await insertAll(store, records, now);
    assertSame(await store.deleteByUser(one, "revoked", now), records.slice(0, 1));
    await assertSessions(store, other, records.slice(1));
  },
};
