/** The sessions of a store as the core asks for them: whatever goes wrong in it is an outage, in time. */
import { ask } from "./ask.ts";
import { StoreUnavailableError } from "./errors.ts";
import type { SessionStore, StoreCompanions } from "./store.ts";
import type { SessionId } from "./token.ts";

export type AskedStore = Omit<
  SessionStore,
  "timeout" | Exclude<keyof StoreCompanions, "recent" | "onChange">
>;

export function askedStore(store: SessionStore): AskedStore {
  return {
    insert: (...of) => ask(store, "insert", () => store.insert(...of)),
    find: (id) => find(store, id),
    // Written out, unlike the next ones: requests wait for it.
    update: (id, change, now, condition) =>
      ask(store, "update", () => store.update(id, change, now, condition)),
    delete: (...of) => ask(store, "delete", () => store.delete(...of)),
    findByUser: (...of) => ask(store, "findByUser", () => store.findByUser(...of)),
    deleteByUser: (...of) => ask(store, "deleteByUser", () => store.deleteByUser(...of)),
    deleteExpired: (...of) => ask(store, "deleteExpired", () => store.deleteExpired(...of)),
    time: () => ask(store, "time", () => store.time()),
    ...(store.recent && { recent: (id) => store.recent?.(id) }),
    ...(store.onChange && { onChange: (listener) => store.onChange!(listener) }),
  };
}

const inTime = new WeakSet<SessionStore["find"]>();

/**
 * Says of a store's `find` that it rejects by itself when its time is over: those of a turn share one watch then. One for each
 * would take a tenth of what is added to a request. What takes its place is watched again.
 */
export function keepsTime(find: SessionStore["find"]): void {
  inTime.add(find);
}

function find(store: SessionStore, id: SessionId): ReturnType<SessionStore["find"]> {
  return inTime.has(store.find) ? findInTime(store, id) : ask(store, "find", () => store.find(id));
}

function findInTime(store: SessionStore, id: SessionId): ReturnType<SessionStore["find"]> {
  try {
    // An `async` function would keep four times as much while it waits.
    return store.find(id).then(undefined, outage);
  } catch (cause) {
    return Promise.reject(new StoreUnavailableError("find", cause));
  }
}

function outage(cause: unknown): never {
  throw new StoreUnavailableError("find", cause);
}
