/** Stores that get remembered browsers wrong. */
import type { RememberRecord } from "../../src/core/remember-store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type BrokenRememberStores, meanwhile } from "./broken.ts";
import { PlainRememberStore } from "./plain-remember-store.ts";
import { wrongUses } from "./remember-uses.ts";

export const wrongRemembers: BrokenRememberStores = {
  ...wrongUses,

  "overwrites what has the same id": {
    breaks: [
      "adds a remembered browser; never overwrites",
      "false if its id or one of its sessions is known already",
      "parallel inserts with one id are one record",
    ],
    Store: class extends PlainRememberStore {
      override async insert(record: RememberRecord): Promise<boolean> {
        this.keep(record);
        return true;
      }
    },
  },

  "takes a second browser for one session": {
    breaks: [
      "false if its id or one of its sessions is known already",
      "parallel inserts with one session are one record",
    ],
    Store: class extends PlainRememberStore {
      override async insert(record: RememberRecord): Promise<boolean> {
        if (this.kept.has(record.id)) return false;
        this.keep(record);
        return true;
      }
    },
  },

  "looks whether a session is known before it inserts, not while": {
    breaks: [
      "parallel inserts with one session are one record",
      "parallel inserts with one id are one record",
    ],
    Store: class extends PlainRememberStore {
      override async insert(record: RememberRecord): Promise<boolean> {
        const known = this.kept.has(record.id) || this.bySession(record.sessionId);
        await meanwhile();
        if (!known) this.keep(record);
        return !known;
      }
    },
  },

  "looks at the present session alone": {
    breaks: [
      "the record whose session, or former session, this is",
      "removes the record whose session, or former session, this is; returns it",
      "update against deleteBySession: a use does not hide the browser from who ends the session it had",
      "delete against delete: exactly one has it, by whichever name",
    ],
    Store: class extends PlainRememberStore {
      protected override sessionsOf({ sessionId }: RememberRecord): SessionId[] {
        return [sessionId];
      }
      // What the present session of none is may still be removed: once for each who asks.
      override async delete(id: SessionId): Promise<RememberRecord | undefined> {
        const record = this.kept.get(id);
        await meanwhile();
        return this.remove(record);
      }
    },
  },

  "remembers every session that there was": {
    breaks: [
      "follows the uses: the session before the former one is forgotten",
      "a session that the browser has not had lately removes nothing",
      "a session that is the former one no more is known no more",
    ],
    Store: class extends PlainRememberStore {
      readonly #owners = new Map<SessionId, SessionId>();
      protected override keep(record: RememberRecord): void {
        for (const sessionId of this.sessionsOf(record)) this.#owners.set(sessionId, record.id);
        super.keep(record);
      }
      protected override bySession(sessionId: SessionId): RememberRecord | undefined {
        const owner = this.#owners.get(sessionId);
        return owner && this.kept.get(owner);
      }
    },
  },

  "leaves the sessions of what it removes": {
    breaks: ["what was removed is known no more, in whatever way"],
    Store: class extends PlainRememberStore {
      readonly #known = new Set<SessionId>();
      override async insert(record: RememberRecord, now: number): Promise<boolean> {
        if (this.#known.has(record.sessionId)) return false;
        this.#known.add(record.sessionId);
        return super.insert(record, now);
      }
    },
  },

  "removes a record for everybody who asks": {
    breaks: [
      "removes a record; returns it, so that exactly one of two racing callers has it",
      "delete against delete: exactly one has it, by whichever name",
    ],
    Store: class extends PlainRememberStore {
      override async delete(id: SessionId): Promise<RememberRecord | undefined> {
        const record = this.kept.get(id);
        await meanwhile();
        return this.remove(record);
      }
    },
  },

  "removes a user's records one by one": {
    breaks: ["nobody ever sees half of a deleteByUser"],
    Store: class extends PlainRememberStore {
      override async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
        const removed: RememberRecord[] = [];
        for (const { id, sessionId } of this.recordsOf(userId)) {
          const record = sessionId === except ? undefined : await this.delete(id);
          if (record) removed.push(record);
          await meanwhile();
        }
        return removed;
      }
    },
  },

  "spares whom the former session names": {
    breaks: ["a former session spares nobody"],
    Store: class extends PlainRememberStore {
      protected override isSpared(record: RememberRecord, except: SessionId | undefined): boolean {
        return except !== undefined && this.sessionsOf(record).includes(except);
      }
    },
  },

  "spares nobody": {
    breaks: [
      "removes all records of a user but the one whose session is `except`, in one step; returns them",
    ],
    Store: class extends PlainRememberStore {
      protected override isSpared(): boolean {
        return false;
      }
    },
  },

  "keeps the very record it was given": {
    breaks: [
      "a record is immutable: what becomes of the one that was inserted does not change the store",
      "a change is read when it is made: what becomes of it later does not change the store",
    ],
    Store: class extends PlainRememberStore {
      protected override keep(record: RememberRecord): void {
        this.kept.set(record.id, record);
      }
    },
  },

  "gives its own record out": {
    breaks: ["a record is immutable: what becomes of those that were given out does not change the store"],
    Store: class extends PlainRememberStore {
      override async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
        return this.bySession(sessionId);
      }
    },
  },

  "takes users whose ids look alike for one": {
    breaks: [
      "a user id is any well-formed Unicode, `__proto__` included, and names one user and no other",
      "removing the records of one user removes nobody else's, whatever their ids",
    ],
    Store: class extends PlainRememberStore {
      protected override recordsOf(userId: string): RememberRecord[] {
        const looks = (id: string) => id.normalize("NFKC").toLowerCase().trim();
        return [...this.kept.values()].filter((record) => looks(record.userId) === looks(userId));
      }
    },
  },

  "prunes everything in one step": {
    breaks: [
      "looks at no more than about `batch` records from `from` on and removes those that expired",
      "`from` is the `next` of an earlier step, or undefined to begin",
    ],
    Store: class extends PlainRememberStore {
      override deleteExpired(now: number) {
        return super.deleteExpired(now, Number.POSITIVE_INFINITY);
      }
    },
  },

  "walks by counting": {
    breaks: ["what is there during the whole walk is not missed, whatever comes and goes"],
    Store: class extends PlainRememberStore {
      protected override look(now: number, batch: number, from: string) {
        const [start, end] = [Number(from), Number(from) + batch];
        const due = [...this.kept.values()].slice(start, end).filter((record) => !this.isLive(record, now));
        return { due, next: end < this.kept.size ? String(end) : undefined };
      }
    },
  },

  "counts what others pruned meanwhile": {
    breaks: ["several who prune at once count each expired record once"],
    Store: class extends PlainRememberStore {
      override async deleteExpired(now: number, batch: number, from = "") {
        const { due, next } = this.look(now, batch, from);
        await meanwhile();
        for (const record of due) this.remove(record);
        return { removed: due.length, next };
      }
    },
  },

  "rejects where something is not there": {
    breaks: ["methods reject only when the backend itself fails"],
    Store: class extends PlainRememberStore {
      override async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
        if (!this.bySession(sessionId)) throw new Error("No such session");
        return super.findBySession(sessionId);
      }
    },
  },
};
