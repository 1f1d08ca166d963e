/** Stores that are wrong on purpose, one way each: what they do is what stores have done. */
import { changed, isLive, meets } from "../../src/core/record.ts";
import { isEnded, type SessionRecord, type SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

type Flaw = (store: SessionStore) => Partial<SessionStore>;

/** A store that differs from a right one in what `flaw` says. */
export function flawed(flaw: Flaw): SessionStore {
  const store = new MemorySessionStore();
  const right: SessionStore = {
    timeout: Number.POSITIVE_INFINITY,
    insert: (...args) => store.insert(...args),
    find: (id) => store.find(id),
    update: (...args) => store.update(...args),
    delete: (...args) => store.delete(...args),
    findByUser: (userId) => store.findByUser(userId),
    deleteByUser: (...args) => store.deleteByUser(...args),
    deleteExpired: (...args) => store.deleteExpired(...args),
    time: () => store.time(),
  };
  return { ...right, ...flaw(right) };
}

/** Wrong about single operations, one after the other: histories find these. */
export const wrongAlone: Readonly<Record<string, Flaw>> = {
  "leaves no tombstones": (store) => ({
    find: async (id) => {
      const found = await store.find(id);
      return found && !isEnded(found) ? found : undefined;
    },
  }),
  "says of every end that it was a sign-out": (store) => ({
    delete: (id, _, now) => store.delete(id, "logout", now),
  }),
  "does not say what it ended": (store) => ({
    delete: async (...args) => void (await store.delete(...args)),
  }),
  "never ends what was stolen": (store) => ({
    delete: async (id, reason, now) => (reason === "theft" ? undefined : store.delete(id, reason, now)),
  }),
  "lets a touch revive what has expired": (store) => ({
    update: (id, change, now, condition) => store.update(id, change, change.seen ? 0 : now, condition),
  }),
  "does not write touches": (store) => ({
    update: (id, { seen: _, ...change }, ...rest) => store.update(id, change, ...rest),
  }),
  "adds a millisecond to every touch": (store) => ({
    update: (id, { seen, ...change }, ...rest) =>
      store.update(
        id,
        { ...change, ...(seen && { seen: { ...seen, lastSeenAt: seen.lastSeenAt + 1 } }) },
        ...rest,
      ),
  }),
  "forgets former secrets": (store) => ({
    update: (id, { secret, ...change }, ...rest) =>
      store.update(id, { ...change, ...(secret && { secret: { ...secret, superseded: [] } }) }, ...rest),
  }),
  "forgets pending renewals": (store) => ({
    update: (id, { secret, ...change }, ...rest) =>
      store.update(id, { ...change, ...(secret && { secret: { ...secret, pending: undefined } }) }, ...rest),
  }),
  "forgets who authenticated again, and when": (store) => ({
    update: (id, { authentication: _, ...change }, ...rest) => store.update(id, change, ...rest),
  }),
  "replaces data where it should merge": (store) => ({
    update: async (id, { data, ...change }, ...rest) => {
      const found = await store.find(id);
      if (!data || !found || isEnded(found)) return store.update(id, change, ...rest);
      const removed = Object.keys(JSON.parse(found.data)).map((key) => [key, undefined] as const);
      return store.update(id, { ...change, data: new Map([...removed, ...data]) }, ...rest);
    },
  }),
  "takes __proto__ for no key": (store) => ({
    update: (id, { data, ...change }, ...rest) => {
      const kept = data && new Map([...data].filter(([key]) => key !== "__proto__"));
      return store.update(id, { ...change, ...(kept && { data: kept }) }, ...rest);
    },
  }),
  "knows no limit": (store) => ({ insert: (record, now) => store.insert(record, now) }),
  "lets one more in than the limit": (store) => ({
    insert: (record, now, limit) =>
      store.insert(record, now, limit && { ...limit, maximum: limit.maximum + 1 }),
  }),
  "counts the session that is replaced": (store) => ({
    insert: (record, now, limit) =>
      store.insert(record, now, limit && { maximum: limit.maximum, exceeded: limit.exceeded }),
  }),
  "ends the newest session at the limit": (store) => ({
    insert: async (record, now, limit) => {
      const others = await store.findByUser(record.userId);
      const newest = others.toSorted((a, b) => b.createdAt - a.createdAt)[0];
      if (!newest || !limit || others.length < limit.maximum || limit.exceeded === "refuse") {
        return store.insert(record, now, limit);
      }
      await store.delete(newest.id, "evicted", now);
      const result = await store.insert(record, now, limit);
      if (!result.inserted) return result;
      return { ...result, ended: [...result.ended, { record: newest, reason: "evicted" }] };
    },
  }),
  "does not tell case in user ids": (store) => ({
    findByUser: async (userId) => {
      const variants = [...new Set([userId, userId.toLowerCase()])];
      return (await Promise.all(variants.map((each) => store.findByUser(each)))).flat();
    },
  }),
  "trims user ids": (store) => ({
    deleteByUser: (userId, ...rest) => store.deleteByUser(userId.trim(), ...rest),
  }),
  "spares nobody": (store) => ({
    deleteByUser: (userId, reason, now) => store.deleteByUser(userId, reason, now),
  }),
  "prunes a millisecond too early": (store) => ({
    deleteExpired: (now, ...rest) => store.deleteExpired(now + 1, ...rest),
  }),
  "prunes a millisecond too late": (store) => ({
    deleteExpired: (now, ...rest) => store.deleteExpired(now - 1, ...rest),
  }),
  "goes on answering what it found first": (store) => {
    const copies = new Map<SessionId, SessionRecord>();
    return {
      find: async (id) => {
        const found = await store.find(id);
        if (!found || isEnded(found)) return found;
        const copy = { ...(copies.get(id) ?? found), lastSeenAt: found.lastSeenAt };
        copies.set(id, copy);
        return copy;
      },
    };
  },
};

/** Another request's turn. */
const meanwhile = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Not wrong: a touch takes a while, and pruning leaves rows that are being written to the next walk, as PostgreSQL does. */
export const slowTouches: Flaw = (store) => {
  const writing = new Set<SessionId>();
  return {
    update: async (id, change, ...rest) => {
      if (!change.seen) return store.update(id, change, ...rest);
      writing.add(id);
      await meanwhile();
      writing.delete(id);
      return store.update(id, change, ...rest);
    },
    deleteExpired: (...args) =>
      writing.size > 0 ? Promise.resolve({ expired: [], next: undefined }) : store.deleteExpired(...args),
  };
};

/** Right about each operation alone, and wrong about two at once: races find these. */
export const wrongTogether: Readonly<Record<string, Flaw>> = {
  "ignores the condition of an update": (store) => ({
    update: (id, change, now) => store.update(id, change, now),
  }),
  "reads, waits and writes data": (store) => ({
    update: async (id, { data, ...change }, now, condition) => {
      const before = await store.find(id);
      if (!data || !before || isEnded(before)) return store.update(id, change, now, condition);
      if (!isLive(before, now) || !meets(before, condition)) return false;
      await meanwhile();
      const now_ = await store.find(id);
      if (!now_ || isEnded(now_)) return false;
      const removed = Object.keys(JSON.parse(now_.data)).map((key) => [key, undefined] as const);
      const whole = changed(before, { data }).data;
      const written = Object.entries(JSON.parse(whole)).map(
        ([key, value]) => [key, JSON.stringify(value)] as const,
      );
      const replaced = new Map<string, string | undefined>([...removed, ...written]);
      return store.update(id, { ...change, data: replaced }, now);
    },
  }),
  "brings ended sessions back by a slow update": (store) => {
    const revived = new Map<SessionId, SessionRecord>();
    return {
      find: async (id) => revived.get(id) ?? store.find(id),
      update: async (id, change, now, condition) => {
        const before = await store.find(id);
        if (!before || isEnded(before) || !isLive(before, now) || !meets(before, condition)) return false;
        await meanwhile();
        const after = await store.find(id);
        if (after && !isEnded(after)) return store.update(id, change, now, condition);
        revived.set(id, changed(before, change));
        return true;
      },
    };
  },
  "gives an ended session to everybody who ends it at once": (store) => ({
    delete: async (id, reason, now) => {
      const before = await store.find(id);
      await meanwhile();
      await store.delete(id, reason, now);
      return before && !isEnded(before) ? before : undefined;
    },
  }),
  "looks at the limit before it inserts": (store) => ({
    insert: async (record, now, limit) => {
      const others = (await store.findByUser(record.userId)).filter(({ id }) => id !== limit?.replacing);
      await meanwhile();
      if (!limit || others.length >= limit.maximum) return store.insert(record, now, limit);
      return store.insert(record, now, { ...limit, maximum: Number.POSITIVE_INFINITY });
    },
  }),
  "indexes sessions by user a little later": (store) => {
    const missing = new Set<SessionId>();
    return {
      insert: async (record, ...rest) => {
        missing.add(record.id);
        const result = await store.insert(record, ...rest);
        void meanwhile().then(() => missing.delete(record.id));
        return result;
      },
      findByUser: async (userId) => (await store.findByUser(userId)).filter(({ id }) => !missing.has(id)),
      deleteByUser: async (userId, reason, now, except) => {
        const indexed = (await store.findByUser(userId)).filter(({ id }) => !missing.has(id));
        const ended = indexed
          .filter(({ id }) => id !== except)
          .map(({ id }) => store.delete(id, reason, now));
        return (await Promise.all(ended)).filter((record) => record !== undefined);
      },
    };
  },
};
