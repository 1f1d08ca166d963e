/** A store whose questions and answers are held up wherever the race wants it. */
import type { SessionStore } from "../../core/store.ts";

/** Waits for its turn; `what` tells a reader of a failed race what was waiting. */
export type Turn = (what: string) => Promise<void>;

/** The same store, asked one turn later and answering another turn later. */
export function heldUp(store: SessionStore, turn: Turn): SessionStore {
  const hold = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    await turn(what);
    const answer = await ask();
    await turn(`answer to ${what}`);
    return answer;
  };
  return {
    timeout: Number.POSITIVE_INFINITY,
    insert: (...args) => hold("insert", () => store.insert(...args)),
    find: (...args) => hold("find", () => store.find(...args)),
    update: (...args) => hold("update", () => store.update(...args)),
    delete: (...args) => hold("delete", () => store.delete(...args)),
    findByUser: (...args) => hold("findByUser", () => store.findByUser(...args)),
    deleteByUser: (...args) => hold("deleteByUser", () => store.deleteByUser(...args)),
    deleteExpired: (...args) => hold("deleteExpired", () => store.deleteExpired(...args)),
    time: () => hold("time", () => store.time()),
  };
}
