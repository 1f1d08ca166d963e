/** Sessions in memory, noted elsewhere: what is searched there is what is here. */
import type { ProjectedDirectory } from "../../src/core/session-directory.ts";
import { isEnded, type SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import type { SearchedSessions } from "../../src/testing/directory/searched.ts";
import { listed } from "../../src/testing/directory/searched.ts";

/** Notes whatever it was asked about, as it is when it is settled. */
export function notedIn(directory: ProjectedDirectory): SearchedSessions {
  const sessions = new MemorySessionStore();
  const ids = new Set<SessionId>();
  const store: SessionStore = new Proxy(sessions, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]) => {
        if (name === "insert") ids.add((args[0] as { id: SessionId }).id);
        return member.apply(target, args);
      };
    },
  });
  return {
    store,
    directory,
    settle: async () => {
      const found = await Promise.all(
        Array.from(ids, async (id) => ({ id, found: await sessions.find(id) })),
      );
      const live = found.flatMap(({ found }) => (found && !isEnded(found) ? [listed(found)] : []));
      await directory.note(live);
      const known = new Set(live.map(({ id }) => id));
      await directory.forget([...ids].filter((id) => !known.has(id)));
    },
  };
}
