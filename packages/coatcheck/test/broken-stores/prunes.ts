/** Stores that get pruning wrong. */
import { type EndedSession, isEnded, type PruneStep, type SessionRecord } from "../../src/core/store.ts";
import { type BrokenStores, meanwhile } from "./broken.ts";
import { PlainStore } from "./plain-store.ts";

export const wrongPrunes: BrokenStores = {
  "leaves tombstones for what it prunes": {
    breaks: ["leaves no tombstones"],
    Store: class extends PlainStore {
      protected override remove(each: SessionRecord | EndedSession): void {
        if (isEnded(each)) super.remove(each);
        else this.end(each, "expired", each.expiresAt);
      }
    },
  },

  "prunes everything in one step": {
    breaks: [
      "looks at no more than about `batch` sessions and tombstones from `from` on and removes those that expired",
      "tombstones are walked over in bounded steps too",
    ],
    Store: class extends PlainStore {
      override deleteExpired(now: number): Promise<PruneStep> {
        return super.deleteExpired(now, Number.POSITIVE_INFINITY);
      }
    },
  },

  "walks by counting": {
    breaks: ["what is there during the whole walk is not missed, whatever comes and goes"],
    Store: class extends PlainStore {
      protected override look(now: number, batch: number, from: string) {
        const [start, end] = [Number(from), Number(from) + batch];
        const due = [...this.kept.values()].slice(start, end).filter((each) => this.isDue(each, now));
        return { due, next: end < this.kept.size ? String(end) : undefined };
      }
    },
  },

  "never drops a tombstone": {
    breaks: ["a tombstone is kept until its time, and dropped after it"],
    Store: class extends PlainStore {
      protected override isDue(each: SessionRecord | EndedSession, now: number): boolean {
        return !isEnded(each) && super.isDue(each, now);
      }
    },
  },

  "drops tombstones too early": {
    breaks: ["a tombstone is kept until its time, and dropped after it"],
    Store: class extends PlainStore {
      protected override isDue(each: SessionRecord | EndedSession, now: number): boolean {
        return isEnded(each) || super.isDue(each, now);
      }
    },
  },

  "reports what others pruned meanwhile": {
    breaks: ["two who prune at once report each expired session once"],
    Store: class extends PlainStore {
      override async deleteExpired(now: number, batch: number, from = ""): Promise<PruneStep> {
        const { due, next } = this.look(now, batch, from);
        await meanwhile();
        return this.prune(due, next);
      }
    },
  },
};
