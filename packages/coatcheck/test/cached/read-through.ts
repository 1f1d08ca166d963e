/** A cache as a store whose every find goes through it, so that the contract of stores sees what the cache says. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isEnded, type SessionRecord, type SessionStore } from "../../src/core/store.ts";
import type { CachedSessionStore } from "../../src/stores/cached.ts";
import type { StoreBackend } from "../../src/testing/store-suite.ts";

type Found = Awaited<ReturnType<SessionStore["find"]>>;

/**
 * Other nodes are told a moment after the writer has its answer, while the contract asks them at once: so each find
 * first waits for the proof that everything that was answered before it has been told.
 */
export function readThrough(cache: CachedSessionStore): SessionStore {
  return {
    ...(cache.timeout !== undefined && { timeout: cache.timeout }),
    ...(cache.remember && { remember: cache.remember }),
    insert: (...args) => cache.insert(...args),
    find: async (id) => {
      await nextTurn();
      await cache.prove();
      // A cache that keeps what it must not is asked for it.
      const recent = cache.recent(id);
      const found = await cache.find(id);
      return recent ? withTimesOf(found, recent) : (cache.recent(id) ?? found);
    },
    recent: (id) => cache.recent(id),
    update: (...args) => cache.update(...args),
    delete: (...args) => cache.delete(...args),
    findByUser: (...args) => cache.findByUser(...args),
    deleteByUser: (...args) => cache.deleteByUser(...args),
    deleteExpired: (...args) => cache.deleteExpired(...args),
    time: () => cache.time(),
  };
}

/** Touches on other nodes are not told: a cached session may die too early, and then the store is asked; never too late. */
function withTimesOf(found: Found, recent: SessionRecord): SessionRecord {
  if (!found || isEnded(found)) return recent;
  const { lastSeenAt, expiresAt } = found;
  assert.ok(recent.lastSeenAt <= lastSeenAt && recent.expiresAt <= expiresAt, "A touch that never was");
  return { ...recent, lastSeenAt, expiresAt };
}

/** The caches of the nodes of a backend, read through. */
export function cachedBackend(open: () => CachedSessionStore, close: () => unknown): StoreBackend {
  const caches: CachedSessionStore[] = [];
  return {
    connect: async () => {
      const cache = open();
      caches.push(cache);
      await cache.prove();
      return readThrough(cache);
    },
    close: async () => {
      for (const cache of caches) await cache.close();
      await close();
    },
  };
}
