/** What tests of caches before real servers wait for. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionRecord } from "../../src/core/store.ts";
import type { CachedSessionStore } from "../../src/stores/cached.ts";

/** Puts a session into the store and a record of it into the cache. */
export async function keep(cache: CachedSessionStore, record: SessionRecord): Promise<void> {
  await cache.insert(record, record.createdAt);
  // That it was inserted is told as well, perhaps after the find.
  await cache.prove();
  await cache.find(record.id);
  assert.ok(cache.recent(record.id), "The cache keeps nothing");
}

/** Long enough for a busy machine, in milliseconds. */
const patience = 20_000;

/** Returns when it is so, or fails. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await delay(5)) {
    if (await condition()) return;
  }
  assert.fail(`It was not so within ${patience} ms: ${condition}`);
}
