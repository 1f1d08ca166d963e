/** Sessions that are searched, for the tests of directories. */
import assert from "node:assert/strict";
import type { ListedSession, SessionDirectory, SessionQuery } from "../../core/session-directory.ts";
import type { SessionRecord, SessionStore } from "../../core/store.ts";
import { beginning } from "../record.ts";

/** Sessions and where they are searched. */
export interface SearchedSessions {
  /** What happens to sessions, happens here. */
  readonly store: SessionStore;
  readonly directory: SessionDirectory;
  /** Resolves when the directory tells what has happened by now. Without it, the directory is never late. */
  settle?(): Promise<void>;
}

/** When the sessions of these tests are all alive. */
export const now: number = beginning + 1_000;

/** What is told of a session. */
export function listed(record: SessionRecord): ListedSession {
  const { id, userId, client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt } = record;
  return { id, userId, client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt };
}

export async function insertAll(
  { store, settle }: SearchedSessions,
  records: readonly SessionRecord[],
): Promise<void> {
  // Not all at once: some would wait longer than a store waits.
  for (let from = 0; from < records.length; from += 50) {
    await Promise.all(records.slice(from, from + 50).map((record) => store.insert(record, beginning)));
  }
  await settle?.();
}

/** All pages of a query, forwards. */
export async function allPages(
  { directory }: SearchedSessions,
  query: Partial<SessionQuery> = {},
  at: number = now,
): Promise<readonly (readonly ListedSession[])[]> {
  const pages: (readonly ListedSession[])[] = [];
  let after: string | undefined;
  do {
    assert.ok(pages.length < 1_000, "The pages do not come to an end");
    const page = await directory.query({ limit: 7, ...query, ...(after !== undefined && { after }) }, at);
    assert.ok(page.sessions.length <= (query.limit ?? 7), "A page is longer than its limit");
    pages.push(page.sessions);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

/** Gives exactly these sessions, in any order. */
export async function assertFound(
  on: SearchedSessions,
  expected: readonly SessionRecord[],
  query: Partial<SessionQuery> = {},
  at: number = now,
): Promise<void> {
  const found = (await allPages(on, query, at)).flat();
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  assert.deepEqual(
    structuredClone(found.toSorted(byId)),
    structuredClone(expected.map(listed).sort(byId)),
    JSON.stringify(query),
  );
}

export function ids(sessions: readonly { readonly id: string }[]): string[] {
  return sessions.map(({ id }) => id);
}
