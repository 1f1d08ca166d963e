/** Stores that get changes wrong. */
import { isLive, meets } from "../../src/core/record.ts";
import { dataText, type SessionChange, type SessionRecord } from "../../src/core/store.ts";
import { type SessionId } from "../../src/core/token.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { type BrokenStores, meanwhile, type Update } from "./broken.ts";
import { PlainStore } from "./plain-store.ts";

export const wrongUpdates: BrokenStores = {
  "updates what is not there into being": {
    breaks: ["never creates"],
    Store: class extends PlainStore {
      override async update(...[id, change, ...rest]: Update): Promise<boolean> {
        if (!this.kept.has(id)) this.keep(this.changed(sessionRecord({ id }), change));
        return super.update(id, change, ...rest);
      }
    },
  },

  "revives an ended session by updating it": {
    breaks: [
      "never brings an ended session back",
      "update against delete: whoever is first, the session stays dead",
      "update against deleteByUser: the session stays dead",
    ],
    Store: class extends PlainStore {
      readonly #lastSeen = new Map<SessionId, SessionRecord>();
      protected override keep(record: SessionRecord): void {
        this.#lastSeen.set(record.id, record);
        super.keep(record);
      }
      override async update(...[id, ...rest]: Update): Promise<boolean> {
        const ended = !this.session(id) && this.#lastSeen.get(id);
        if (ended) this.keep(ended);
        return super.update(id, ...rest);
      }
    },
  },

  "keeps the fingerprint of a client that has given way to another": {
    breaks: ["the user proved again who they are, without a fingerprint: the old one is dropped"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        const { fingerprint } = record;
        return { ...(fingerprint !== undefined && { fingerprint }), ...super.changed(record, change) };
      }
    },
  },

  "ignores the condition": {
    breaks: [
      "a change whose condition is not met changes nothing",
      "renew against renew: exactly one wins, and what it wrote stays",
      "a counter that is written on the revision it was read at counts everybody",
    ],
    Store: class extends PlainStore {
      override update(...[id, change, now]: Update): Promise<boolean> {
        return super.update(id, change, now);
      }
    },
  },

  "looks at the condition before it writes, not while": {
    breaks: ["renew against renew: exactly one wins, and what it wrote stays"],
    Store: class extends PlainStore {
      override async update(...[id, change, now, condition]: Update): Promise<boolean> {
        const record = this.session(id);
        if (record && !meets(record, condition)) return false;
        await meanwhile();
        return super.update(id, change, now);
      }
    },
  },

  "takes any condition on 0 for none": {
    breaks: ["a change whose condition is not met changes nothing"],
    Store: class extends PlainStore {
      override update(...[id, change, now, condition]: Update): Promise<boolean> {
        return super.update(id, change, now, condition?.secretRevision ? condition : undefined);
      }
    },
  },

  "lets a touch move the deadline back": {
    breaks: ["a touch. Neither time ever moves backwards"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        return { ...super.changed(record, change), ...change.seen };
      }
    },
  },

  "loses the deadline of a touch": {
    breaks: ["a touch moves the deadline that it is judged by"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        return { ...super.changed(record, change), expiresAt: record.expiresAt };
      }
    },
  },

  "touches expired sessions": {
    breaks: [
      "changes fields of a live session; false if it is gone, expired at `now`, or no longer meets `condition`",
      "a session is dead from the millisecond of its deadline on, for every change",
    ],
    Store: class extends PlainStore {
      protected override isLive(): boolean {
        return true;
      }
    },
  },

  "lets sessions live a millisecond too long": {
    breaks: ["a session is dead from the millisecond of its deadline on, for every change"],
    Store: class extends PlainStore {
      protected override isLive(record: SessionRecord, now: number): boolean {
        return now <= record.expiresAt;
      }
    },
  },

  "replaces the data as a whole": {
    breaks: ["merged key by key into the data. Advances `dataRevision`"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        const { data = new Map() } = change;
        const entries = [...data].filter((entry): entry is [string, string] => entry[1] !== undefined);
        return { ...super.changed(record, change), ...(change.data && { data: dataText(entries) }) };
      }
    },
  },

  "reads the data, merges and writes it back": {
    breaks: [
      "writes to different keys of the data all survive",
      "a touch, a renewal and a data change at once all survive",
    ],
    Store: class extends PlainStore {
      override async update(...[id, change, now, condition]: Update): Promise<boolean> {
        const record = this.session(id);
        if (!record || !isLive(record, now) || !meets(record, condition)) return false;
        await meanwhile();
        this.keep(this.changed(record, change));
        return true;
      }
    },
  },

  "merges data by assignment": {
    breaks: ["a key is any string, `__proto__` and `constructor` included"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        const merged = JSON.parse(record.data);
        for (const [key, value] of change.data ?? []) {
          if (value === undefined) delete merged[key];
          else merged[key] = JSON.parse(value);
        }
        return { ...super.changed(record, change), data: JSON.stringify(merged) };
      }
    },
  },

  "takes an empty list for an empty object, as Lua does": {
    breaks: ["stores never look inside a value"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        const { data, ...rest } = super.changed(record, change);
        return { ...rest, data: data.replaceAll("[]", "{}") };
      }
    },
  },

  "says that nothing was there where nothing was changed": {
    breaks: ["a change that changes nothing is still true"],
    Store: class extends PlainStore {
      override async update(...[id, ...rest]: Update): Promise<boolean> {
        const before = JSON.stringify(this.kept.get(id));
        return (await super.update(id, ...rest)) && JSON.stringify(this.kept.get(id)) !== before;
      }
    },
  },

  "keeps a pending renewal that is over": {
    breaks: ["a new state of the secret without a pending renewal drops the old one"],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        return { ...(record.pending && { pending: record.pending }), ...super.changed(record, change) };
      }
    },
  },

  "does not count its revisions": {
    breaks: [
      "a new state of the secret. Advances `secretRevision`",
      "merged key by key into the data. Advances `dataRevision`",
      "renew against renew: exactly one wins, and what it wrote stays",
    ],
    Store: class extends PlainStore {
      protected override changed(record: SessionRecord, change: SessionChange): SessionRecord {
        const { secretRevision, dataRevision } = record;
        return { ...super.changed(record, change), secretRevision, dataRevision };
      }
    },
  },
};
