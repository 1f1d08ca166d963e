/** Stores that get the end of sessions wrong. */
import { type EndReason, isEnded, type SessionRecord, tombstone } from "../../src/core/store.ts";
import { type SessionId } from "../../src/core/token.ts";
import { type BrokenStores, meanwhile } from "./broken.ts";
import { PlainStore } from "./plain-store.ts";

export const wrongEnds: BrokenStores = {
  "forgets tombstones": {
    breaks: [
      "ends a session, leaving a tombstone; returns what it ended, so that exactly one of two racing callers has it",
      "a live record, the tombstone of an ended one, or undefined",
      "ends all sessions of a user but `except`, in one step, leaving tombstones; returns what it ended",
    ],
    Store: class extends PlainStore {
      protected override end(record: SessionRecord): void {
        this.remove(record);
      }
    },
  },

  "tells more in its tombstones than it should": {
    breaks: ["a tombstone says its id, its family, its reason and until when, and nothing else"],
    Store: class extends PlainStore {
      protected override end(record: SessionRecord, reason: EndReason, now: number): void {
        this.kept.set(record.id, { ...record, ...tombstone(record, reason, now) });
      }
    },
  },

  "gives the last reason, not the first": {
    breaks: ["a session ends once: the first reason stays"],
    Store: class extends PlainStore {
      override async delete(id: SessionId, reason: EndReason, now: number) {
        const ended = await super.delete(id, reason, now);
        const found = this.kept.get(id);
        if (found && isEnded(found)) this.kept.set(id, { ...found, reason });
        return ended;
      }
    },
  },

  "ends a session for everybody who asks": {
    breaks: ["delete against delete: exactly one has it"],
    Store: class extends PlainStore {
      override async delete(id: SessionId, reason: EndReason, now: number) {
        const record = this.session(id);
        await meanwhile();
        if (record) this.end(record, reason, now);
        return record;
      }
    },
  },

  "ends a user's sessions one by one": {
    breaks: ["nobody ever sees half of a deleteByUser"],
    Store: class extends PlainStore {
      override async deleteByUser(userId: string, reason: EndReason, now: number, except?: SessionId) {
        const ended: SessionRecord[] = [];
        for (const { id } of this.sessionsOf(userId)) {
          if (id === except) continue;
          const record = await this.delete(id, reason, now);
          if (record) ended.push(record);
          await meanwhile();
        }
        return ended;
      }
    },
  },

  "spares nobody": {
    breaks: [
      "ends all sessions of a user but `except`, in one step, leaving tombstones; returns what it ended",
    ],
    Store: class extends PlainStore {
      override deleteByUser(userId: string, reason: EndReason, now: number) {
        return super.deleteByUser(userId, reason, now);
      }
    },
  },
};
