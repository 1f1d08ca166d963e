/** The sessions of a store as the core asks for them: whatever goes wrong in it is an outage, in time. */
import { ask } from "./ask.ts";
import type { SessionStore, StoreCompanions } from "./store.ts";

export type AskedStore = Omit<
  SessionStore,
  "timeout" | Exclude<keyof StoreCompanions, "recent" | "onChange">
>;

export function askedStore(store: SessionStore): AskedStore {
  return {
    insert: (...of) => ask(store, "insert", () => store.insert(...of)),
    // Written out, as the next one: these two are what a request waits for.
    find: (id) => ask(store, "find", () => store.find(id)),
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
