/** A store that says which of its sessions something happened to, on this node. */
import type { InsertResult, PruneStep, SessionId, SessionRecord, SessionStore } from "coatcheck";

type Told = (id: SessionId) => void;

/** What each method tells of, from what it was given and what it answered. */
const changed: {
  readonly [name: string]: (given: readonly unknown[], answer: unknown) => readonly SessionId[];
} = {
  insert: ([record], answer) => {
    const result = answer as InsertResult;
    return result.inserted
      ? [(record as SessionRecord).id, ...result.ended.map((ended) => ended.record.id)]
      : [];
  },
  update: ([id], isUpdated) => (isUpdated === true ? [id as SessionId] : []),
  delete: ([id]) => [id as SessionId],
  deleteByUser: (_, ended) => idsOf(ended as readonly SessionRecord[]),
  deleteExpired: (_, step) => idsOf((step as PruneStep).expired),
};

/** The same store. `tell` is called after each change that it has answered. */
export function followed(store: SessionStore, tell: Told): SessionStore {
  const members = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get(target, name) {
      if (!members.has(name)) members.set(name, memberOf(target, name));
      return members.get(name);
    },
  });

  function memberOf(target: SessionStore, name: PropertyKey): unknown {
    const member: unknown = Reflect.get(target, name);
    if (typeof member !== "function") return member;
    const about = changed[String(name)];
    if (!about) return member.bind(target);
    return async (...given: unknown[]) => {
      const answer: unknown = await member.apply(target, given);
      for (const id of about(given, answer)) tell(id);
      return answer;
    };
  }
}

function idsOf(records: readonly SessionRecord[]): readonly SessionId[] {
  return records.map(({ id }) => id);
}
