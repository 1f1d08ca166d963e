import { beginning } from "../../record.ts";
import { fullRememberRecord, rememberRecord } from "../../remember-record.ts";
import { oddUserIds, usersOfOneTag } from "../../store/odd-users.ts";
import {
  assertForgotten,
  assertRemembered,
  assertSame,
  assertUserHas,
  type RememberCases,
  rememberAll,
} from "../expectations.ts";

const now = beginning;

export const user: RememberCases = {
  "a user id is any well-formed Unicode, `__proto__` included, and names one user and no other": async ({
    store,
    elsewhere,
  }) => {
    const records = oddUserIds.map((userId) => fullRememberRecord({ userId }));
    await rememberAll(store, records, now);
    for (const record of records) {
      await assertRemembered(elsewhere, record);
      await assertUserHas(elsewhere, record.userId, [record]);
    }
  },

  "removing the records of one user removes nobody else's, whatever their ids": async ({
    store,
    elsewhere,
  }) => {
    const records = oddUserIds.map((userId) => rememberRecord({ userId }));
    await rememberAll(store, records, now);
    for (const [index, record] of records.entries()) {
      assertSame(await elsewhere.deleteByUser(record.userId), [record]);
      await assertForgotten(store, record);
      const next = records[index + 1];
      if (next) await assertUserHas(store, next.userId, [next]);
    }
  },

  "users who share a routing tag share nothing else": async ({ store }) => {
    const records = usersOfOneTag().map((userId) => rememberRecord({ userId }));
    await rememberAll(store, records, now);
    assertSame(await store.deleteByUser(records[0]!.userId), records.slice(0, 1));
    await assertUserHas(store, records[1]!.userId, records.slice(1));
  },
};
