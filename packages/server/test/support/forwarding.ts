/** A store that a test puts between the server and its own, to hold up or break single operations. */
import type { SessionStore } from "coatcheck";

/** Passes everything on that sign-in and devices need; nobody is remembered. */
export function forwarding(store: SessionStore): SessionStore {
  return {
    insert: (...args) => store.insert(...args),
    find: (id) => store.find(id),
    update: (...args) => store.update(...args),
    delete: (...args) => store.delete(...args),
    findByUser: (userId) => store.findByUser(userId),
    deleteByUser: (...args) => store.deleteByUser(...args),
    deleteExpired: (...args) => store.deleteExpired(...args),
    time: () => store.time(),
    throttle: store.throttle!,
  };
}
