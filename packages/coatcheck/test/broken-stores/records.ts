/** Stores that do not keep what they were given. */
import { isLive } from "../../src/core/record.ts";
import { type EndedSession, type InsertResult, type SessionRecord } from "../../src/core/store.ts";
import { type SessionId } from "../../src/core/token.ts";
import { type BrokenStores, type Insertion, meanwhile } from "./broken.ts";
import { PlainStore } from "./plain-store.ts";

export const wrongRecords: BrokenStores = {
  "keeps the very record it was given": {
    breaks: [
      "a record is immutable: what becomes of the one that was inserted does not change the store",
      "a change is read when it is made: what becomes of it later does not change the store",
    ],
    Store: class extends PlainStore {
      protected override keep(record: SessionRecord): void {
        this.kept.set(record.id, record);
      }
    },
  },

  "gives its own record out": {
    breaks: ["a record is immutable: what becomes of those that were given out does not change the store"],
    Store: class extends PlainStore {
      override async find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
        return this.kept.get(id);
      }
    },
  },

  "gives its own records out in a list": {
    breaks: ["a record is immutable: what becomes of those that were given out does not change the store"],
    Store: class extends PlainStore {
      override async findByUser(userId: string): Promise<readonly SessionRecord[]> {
        return this.sessionsOf(userId);
      }
    },
  },

  "answers a find by one that is under way": {
    breaks: ["sees whatever was answered before it was asked"],
    Store: class extends PlainStore {
      readonly #asked = new Map<SessionId, Promise<SessionRecord | EndedSession | undefined>>();
      override find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
        const shared = this.#asked.get(id) ?? super.find(id).finally(meanwhile);
        this.#asked.set(id, shared);
        return shared.finally(() => this.#asked.delete(id));
      }
    },
  },

  "overwrites what has the same id": {
    breaks: ["adds a session; never overwrites", "parallel sign-ins with one id are one session"],
    Store: class extends PlainStore {
      override insert(...[record, ...rest]: Insertion): Promise<InsertResult> {
        this.kept.delete(record.id);
        return super.insert(record, ...rest);
      }
    },
  },

  "overwrites what has ended": {
    breaks: ["an ended session is not overwritten either"],
    Store: class extends PlainStore {
      override insert(...[record, ...rest]: Insertion): Promise<InsertResult> {
        if (!this.session(record.id)) this.kept.delete(record.id);
        return super.insert(record, ...rest);
      }
    },
  },

  "takes users whose ids look alike for one": {
    breaks: [
      "a user id is any well-formed Unicode, and names one user and no other",
      "every user has a limit of their own, whatever their id",
      "ending the sessions of one user ends nobody else's, whatever their ids",
    ],
    Store: class extends PlainStore {
      protected override sessionsOf(userId: string): SessionRecord[] {
        const looks = (id: string) => id.normalize("NFKC").toLowerCase().trim();
        return this.sessions().filter((record) => looks(record.userId) === looks(userId));
      }
    },
  },

  "cuts user ids at NUL": {
    breaks: ["a user id is any well-formed Unicode, and names one user and no other"],
    Store: class extends PlainStore {
      protected override keep(record: SessionRecord): void {
        super.keep({ ...record, userId: record.userId.split("\0")[0]! });
      }
    },
  },

  "judges by a clock of its own": {
    breaks: ["stores are given the time as `now` and never judge by a clock of their own"],
    Store: class extends PlainStore {
      protected override isLive(record: SessionRecord): boolean {
        return isLive(record, Date.now());
      }
    },
  },

  "rejects where something is not there": {
    breaks: [
      "methods reject only when the backend itself fails: found, ended, not there and failed are four outcomes, everywhere",
    ],
    Store: class extends PlainStore {
      override async find(id: SessionId) {
        if (!this.kept.has(id)) throw new Error("No such session");
        return super.find(id);
      }
    },
  },
};
