import { routingTag } from "../../../core/token.ts";
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
    const [one, other] = sameTag();
    const records = [one, other].map((userId) => sessionRecord({ userId }));
    await insertAll(store, records, now);
    assertSame(await store.deleteByUser(one, "revoked", now), records.slice(0, 1));
    await assertSessions(store, other, records.slice(1));
  },
};

const oddUserIds: readonly string[] = [
  "a",
  "A",
  " a",
  "a ",
  "a\0",
  "a\0b",
  "\0",
  "\\0",
  "\\\0",
  "a\\0b",
  "\\",
  "\\\\",
  " ",
  "\t",
  "\n",
  "\r\n",
  "0",
  "1",
  "01",
  "1.0",
  "1e3",
  "NaN",
  "null",
  "undefined",
  "true",
  "{}",
  "{a}",
  "[]",
  "a:b",
  "a.b",
  "a/../b",
  "a*",
  "a?",
  "%",
  "a%",
  "_",
  "$1",
  "?1",
  ":id",
  "'",
  '"',
  "' OR 1=1 --",
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "é",
  "e\u0301",
  "ß",
  "ss",
  "ﬀ",
  "İ",
  "ı",
  "К",
  "K",
  "\u212a",
  "\u200b",
  "\ufeff",
  "\u202e",
  "\uffff",
  "\ue000",
  "\u{1f9e5}",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\u{10ffff}",
  "x".repeat(256),
  `${"x".repeat(255)}y`,
  "\u{1f9e5}".repeat(128),
  "ffffffff-ffff-4fff-8fff-ffffffffffff",
  "mailto:ada@example.com?subject=a&b",
];

/** Two users whose session ids begin alike. */
function sameTag(): [string, string] {
  const seen = new Map<string, string>();
  for (let number = 0; ; number++) {
    const userId = `user ${number}`;
    const tag = routingTag(userId);
    const other = seen.get(tag);
    if (other !== undefined) return [other, userId];
    seen.set(tag, userId);
  }
}
