/** Stores that get the uses of remembered browsers wrong. */
import type { RememberChange, RememberRecord } from "../../src/core/remember-store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type BrokenRememberStores, meanwhile } from "./broken.ts";
import { PlainRememberStore } from "./plain-remember-store.ts";

type Update = [id: SessionId, change: RememberChange, now: number, secretRevision: number];

const atOneRevision = "parallel uses at one revision: exactly one is true, and what it wrote stays";
const changesIf =
  "changes a record; false if it is gone, expired at `now`, at another revision, or if the new session is known already";

export const wrongUses: BrokenRememberStores = {
  "updates what is not there into being": {
    breaks: ["never creates", "a removed record stays removed"],
    Store: class extends PlainRememberStore {
      readonly #last = new Map<SessionId, RememberRecord>();
      protected override keep(record: RememberRecord): void {
        this.#last.set(record.id, record);
        super.keep(record);
      }
      override async update(...[id, change, ...rest]: Update): Promise<boolean> {
        const record = this.#last.get(id) ?? this.#invented(id, change);
        if (!this.kept.has(id)) this.keep(record);
        return super.update(id, change, ...rest);
      }
      #invented(id: SessionId, { secret, sessionId = id }: RememberChange): RememberRecord {
        const times = { createdAt: 0, lastUsedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER };
        const { pending: _, ...settled } = secret;
        return {
          id,
          userId: "ada",
          familyHash: "",
          ...settled,
          secretRevision: 0,
          sessionId,
          ...times,
          client: {},
        };
      }
    },
  },

  "revives a removed record by updating it": {
    breaks: [
      "update against delete: whoever is first, nothing is left and nothing comes back",
      "update against deleteBySession: a use does not hide the browser from who ends the session it had",
    ],
    Store: class extends PlainRememberStore {
      override async update(...[id, change, now, revision]: Update): Promise<boolean> {
        const record = this.kept.get(id);
        if (!record || record.secretRevision !== revision || !this.isLive(record, now)) return false;
        if (change.sessionId !== undefined && this.bySession(change.sessionId)) return false;
        await meanwhile();
        this.keep(this.changed(record, change));
        return true;
      }
    },
  },

  "ignores the revision": {
    breaks: [changesIf, atOneRevision],
    Store: class extends PlainRememberStore {
      override async update(...[id, change, now]: Update): Promise<boolean> {
        return super.update(id, change, now, this.kept.get(id)?.secretRevision ?? 0);
      }
    },
  },

  "looks at the revision before it writes, not while": {
    breaks: [atOneRevision],
    Store: class extends PlainRememberStore {
      override async update(...[id, change, now, revision]: Update): Promise<boolean> {
        if (this.kept.get(id)?.secretRevision !== revision) return false;
        await meanwhile();
        return super.update(id, change, now, this.kept.get(id)?.secretRevision ?? 0);
      }
    },
  },

  "does not count its revisions": {
    breaks: ["the revision advances by one with each change", atOneRevision],
    Store: class extends PlainRememberStore {
      protected override changed(record: RememberRecord, change: RememberChange): RememberRecord {
        return { ...super.changed(record, change), secretRevision: record.secretRevision };
      }
    },
  },

  "gives one session to two browsers": {
    breaks: [changesIf, "a session that several browsers are to have becomes that of one"],
    Store: class extends PlainRememberStore {
      override async update(...[id, change, now, revision]: Update): Promise<boolean> {
        const record = this.kept.get(id);
        if (!record || !this.isLive(record, now) || record.secretRevision !== revision) return false;
        this.keep(this.changed(record, change));
        return true;
      }
    },
  },

  "uses expired browsers": {
    breaks: [changesIf, "a record is dead from the millisecond of its deadline on, and no use moves that"],
    Store: class extends PlainRememberStore {
      protected override isLive(): boolean {
        return true;
      }
    },
  },

  "prolongs a browser with each use": {
    breaks: ["a record is dead from the millisecond of its deadline on, and no use moves that"],
    Store: class extends PlainRememberStore {
      protected override changed(record: RememberRecord, change: RememberChange): RememberRecord {
        return { ...super.changed(record, change), expiresAt: record.expiresAt + 1 };
      }
    },
  },

  "judges by a clock of its own": {
    breaks: ["stores are given the time as `now` and never judge by a clock of their own"],
    Store: class extends PlainRememberStore {
      protected override isLive({ expiresAt }: RememberRecord): boolean {
        return Date.now() < expiresAt;
      }
    },
  },

  "lets the last use move backwards": {
    breaks: ["the last use never moves backwards"],
    Store: class extends PlainRememberStore {
      protected override changed(record: RememberRecord, change: RememberChange): RememberRecord {
        const { lastUsedAt = record.lastUsedAt } = change;
        return { ...super.changed(record, change), lastUsedAt };
      }
    },
  },

  "keeps a pending use that is over": {
    breaks: ["a new state of the secret without a pending use drops the old one"],
    Store: class extends PlainRememberStore {
      protected override changed(record: RememberRecord, change: RememberChange): RememberRecord {
        return { ...(record.pending && { pending: record.pending }), ...super.changed(record, change) };
      }
    },
  },

  "forgets the former session": {
    breaks: ["the session there was becomes the former one"],
    Store: class extends PlainRememberStore {
      protected override changed(record: RememberRecord, change: RememberChange): RememberRecord {
        const { formerSessionId: _, ...changed } = super.changed(record, change);
        return changed;
      }
    },
  },
};
