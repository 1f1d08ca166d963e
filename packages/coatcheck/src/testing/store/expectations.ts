/** What must be in a store, in the words of the promises. */
import assert from "node:assert/strict";
import {
  type Ended,
  type EndedSession,
  type EndReason,
  type InsertResult,
  isEnded,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  tombstone,
} from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";

/** The store has this session, and it is equal in every field. */
export async function assertKept(store: SessionStore, record: SessionRecord): Promise<void> {
  const found = await store.find(record.id);
  assert.ok(found, `Session ${record.id} is gone`);
  assertSame([found], [record]);
}

/** The store has the tombstone of this session, and nothing else of it. */
export async function assertEnded(
  store: SessionStore,
  record: SessionRecord,
  reason: EndReason,
  now: number,
): Promise<void> {
  assert.deepEqual(
    plain(await store.find(record.id)),
    plain(tombstone(record, reason, now)),
    "The tombstone is wrong",
  );
  const others = await store.findByUser(record.userId);
  assert.ok(!others.some(({ id }) => id === record.id), "An ended session is still among the user's");
}

export async function assertUnknown(store: SessionStore, id: SessionId): Promise<void> {
  assert.equal(await store.find(id), undefined);
}

/** The user has exactly these sessions. */
export async function assertSessions(
  store: SessionStore,
  userId: string,
  records: readonly SessionRecord[],
): Promise<void> {
  assertSame(await store.findByUser(userId), records);
}

/** The records are equal in every field, in any order. The keys of data may stand in any order too. */
export function assertSame(
  actual: readonly (SessionRecord | EndedSession)[],
  expected: readonly SessionRecord[],
): void {
  assert.deepEqual(actual.map(comparable).sort(byId), expected.map(comparable).sort(byId));
}

/** The new session was accepted and exactly these others ended. */
export async function assertAccepted(
  result: Promise<InsertResult>,
  ended: readonly Ended[] = [],
): Promise<void> {
  const answer = await result;
  assert.ok(answer.inserted, "The session was not inserted");
  const reasons = (all: readonly Ended[]) => all.map(({ record, reason }) => `${record.id} ${reason}`).sort();
  assert.deepEqual(reasons(answer.ended), reasons(ended));
  assertSame(
    answer.ended.map(({ record }) => record),
    ended.map(({ record }) => record),
  );
}

export async function assertNotInserted(
  result: Promise<InsertResult>,
  because: "duplicate" | "limit",
): Promise<void> {
  assert.deepEqual(plain(await result), { inserted: false, because });
}

/** The keys and the value texts of session data. */
export function entriesOf({ data }: Pick<SessionRecord, "data">): Record<string, string>[] {
  const entries = Object.entries(JSON.parse(data) as object);
  return entries.map(([key, value]) => ({ key, value: JSON.stringify(value) })).sort(byKey);
}

/** The live record of this id. */
export async function sessionIn(store: SessionStore, id: SessionId): Promise<SessionRecord> {
  const found = await store.find(id);
  assert.ok(found && !isEnded(found), `Session ${id} is gone`);
  return found;
}

export async function insertAll(
  store: SessionStore,
  records: readonly SessionRecord[],
  now: number,
): Promise<void> {
  await Promise.all(records.map((record) => assertAccepted(store.insert(record, now))));
}

export function evictAt(maximum: number, replacing?: SessionId): SessionLimit {
  return { maximum, exceeded: "evict-oldest", ...(replacing !== undefined && { replacing }) };
}

export function refuseAt(maximum: number, replacing?: SessionId): SessionLimit {
  return { ...evictAt(maximum, replacing), exceeded: "refuse" };
}

function comparable(record: SessionRecord | EndedSession): unknown {
  assert.ok(!isEnded(record), "A tombstone, not a session");
  return plain({ ...record, data: entriesOf(record) });
}

/** Frozen objects and objects without a prototype are as good as others. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : structuredClone(value);
}

function byId(a: unknown, b: unknown): number {
  return (a as SessionRecord).id < (b as SessionRecord).id ? -1 : 1;
}

function byKey(a: Record<string, string>, b: Record<string, string>): number {
  return a.key! < b.key! ? -1 : 1;
}
