/** Stores that get the limit wrong. */
import { isLive } from "../../src/core/record.ts";
import { type InsertResult, type SessionLimit, type SessionRecord } from "../../src/core/store.ts";
import { type BrokenStores, type Insertion, meanwhile } from "./broken.ts";
import { PlainStore } from "./plain-store.ts";

export const wrongLimits: BrokenStores = {
  "looks at the limit before it inserts, not while": {
    breaks: [
      "parallel sign-ins under a limit that evicts end exactly at the limit",
      "parallel sign-ins under a limit that refuses end exactly at the limit",
      "nobody ever sees more sessions than the limit",
      "a session that several replace is replaced once",
      "every method is one atomic step of its backend",
    ],
    Store: class extends PlainStore {
      override async insert(...[record, now, limit]: Insertion): Promise<InsertResult> {
        const ended = limit ? this.leaving(this.sessionsOf(record.userId), limit, now) : [];
        await meanwhile();
        if (!ended) return { inserted: false, because: "limit" };
        for (const { record: former, reason } of ended) this.end(former, reason, now);
        const result = await super.insert(record, now);
        return result.inserted ? { inserted: true, ended } : result;
      }
    },
  },

  "inserts first and enforces the limit later": {
    breaks: ["nobody ever sees more sessions than the limit"],
    Store: class extends PlainStore {
      override async insert(...[record, now, limit]: Insertion): Promise<InsertResult> {
        await super.insert(record, now);
        await meanwhile();
        this.kept.delete(record.id);
        return super.insert(record, now, limit);
      }
    },
  },

  "enforces the limit for a duplicate": {
    breaks: ["a duplicate ends nobody, whatever the limit"],
    Store: class extends PlainStore {
      override async insert(...[record, now, limit]: Insertion): Promise<InsertResult> {
        const ended = (limit && this.leaving(this.sessionsOf(record.userId), limit, now)) ?? [];
        for (const { record: former, reason } of ended) this.end(former, reason, now);
        const result = await super.insert(record, now, limit);
        return result.inserted ? { inserted: true, ended } : result;
      }
    },
  },

  "evicts one session at a time": {
    breaks: ["as many of the oldest leave as it takes"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit, now: number) {
        return super.leaving(sessions, limit, now)?.slice(0, 1);
      }
    },
  },

  "evicts whom it has not seen for longest": {
    breaks: ["how lately a session was used does not make it younger"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit, now: number) {
        const ageless = sessions.map((record) => ({ ...record, createdAt: record.lastSeenAt }));
        return super.leaving(ageless, limit, now);
      }
    },
  },

  "counts expired sessions": {
    breaks: ["expired sessions do not count and leave in the same step"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit) {
        return super.leaving(sessions, limit, Number.NEGATIVE_INFINITY);
      }
    },
  },

  "counts tombstones": {
    breaks: ["tombstones are counted nowhere"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit, now: number) {
        const others = this.kept.size - sessions.length;
        return super.leaving(sessions, { ...limit, maximum: limit.maximum - others }, now);
      }
    },
  },

  "replaces anybody's session": {
    breaks: ["`replacing` changes nothing about another user's session"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit, now: number) {
        const replaced = limit.replacing && this.session(limit.replacing);
        return super.leaving(replaced ? [replaced, ...sessions] : sessions, limit, now);
      }
    },
  },

  "ends what has expired even where it refuses": {
    breaks: ["a refusal changed nothing"],
    Store: class extends PlainStore {
      protected override leaving(sessions: readonly SessionRecord[], limit: SessionLimit, now: number) {
        for (const record of sessions) if (!isLive(record, now)) this.remove(record);
        return super.leaving(sessions, limit, now);
      }
    },
  },
};
