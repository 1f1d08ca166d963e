/** What must be in a store of remembered browsers, in the words of the promises. */
import assert from "node:assert/strict";
import { sessionsOf } from "../../core/remember-record.ts";
import type { RememberRecord, RememberStore } from "../../core/remember-store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Contract, StoreCases } from "../store/case.ts";
import { removedIn, walk } from "../walk.ts";

export type RememberCases = StoreCases<RememberStore>;
export type RememberContract = Contract<RememberStore>;

/** The store has this record, equal in every field, and finds it by each of its names. */
export async function assertRemembered(store: RememberStore, record: RememberRecord): Promise<void> {
  assertSame([await store.find(record.id)], [record]);
  for (const sessionId of sessionsOf(record)) assertSame([await store.findBySession(sessionId)], [record]);
  const listed = (await store.findByUser(record.userId)).filter(({ id }) => id === record.id);
  assertSame(listed, [record]);
}

/** Nothing is left of this record: no name of it finds anything. */
export async function assertForgotten(store: RememberStore, record: RememberRecord): Promise<void> {
  assert.equal(await store.find(record.id), undefined);
  for (const sessionId of sessionsOf(record)) await assertUnknownSession(store, sessionId);
  const listed = (await store.findByUser(record.userId)).map(({ id }) => id);
  assert.ok(!listed.includes(record.id), "A removed record is still among the user's");
}

export async function assertUnknownSession(store: RememberStore, sessionId: SessionId): Promise<void> {
  assert.equal(await store.findBySession(sessionId), undefined);
}

/** The user has exactly these records. */
export async function assertUserHas(
  store: RememberStore,
  userId: string,
  records: readonly RememberRecord[],
): Promise<void> {
  assertSame(await store.findByUser(userId), records);
}

/** The records are equal in every field, in any order. */
export function assertSame(
  actual: readonly (RememberRecord | undefined)[],
  expected: readonly RememberRecord[],
): void {
  const found = actual.filter((each) => each !== undefined);
  assert.deepEqual(found.map(plain).sort(byId), expected.map(plain).sort(byId));
}

export async function rememberAll(
  store: RememberStore,
  records: readonly RememberRecord[],
  now: number,
): Promise<void> {
  const answers = await Promise.all(records.map((record) => store.insert(record, now)));
  assert.ok(answers.every(Boolean), "A record was not inserted");
}

/** How many a whole walk removed. */
export async function countPruned(store: RememberStore, now: number, batch: number = 10): Promise<number> {
  return removedIn(await walk(store, now, batch));
}

/** Frozen objects and objects without a prototype are as good as others. */
function plain(record: RememberRecord): RememberRecord {
  return structuredClone({ ...record });
}

function byId(a: RememberRecord, b: RememberRecord): number {
  return a.id < b.id ? -1 : 1;
}
