/** An application at one of its releases: what it knows of the data, over a store that outlives it. */
import assert from "node:assert/strict";
import type { DataOptions } from "../../src/core/data.ts";
import type { SessionEvent } from "../../src/core/events.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { Session } from "../../src/core/session.ts";
import type { SessionRecord, SessionStore } from "../../src/core/store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

export interface Release<D> {
  readonly sessions: SessionManager<D>;
  readonly store: SessionStore;
  readonly events: SessionEvent[];
}

export function release<D = Record<string, unknown>>(
  data: DataOptions<D> | undefined,
  store: SessionStore = new MemorySessionStore(),
): Release<D> {
  const events: SessionEvent[] = [];
  const onEvent = (event: SessionEvent) => void events.push(event);
  const sessions = new SessionManager<D>({ store, onEvent, ...(data && { data }) });
  return { sessions, store, events };
}

/** The session as the next request reads it. */
export async function read<D>({ sessions }: Release<D>): Promise<Session<D>> {
  const [session] = await sessions.list("ada");
  assert.ok(session);
  return session;
}

/** The record as it lies in the store. */
export async function recordOf({ store }: { readonly store: SessionStore }): Promise<SessionRecord> {
  const [record] = await store.findByUser("ada");
  assert.ok(record);
  return record;
}
