/** The contract of audit stores: it says what the port says, and it bites. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AuditPage, AuditQuery, AuditRecord } from "../../src/audit/audit-record.ts";
import type { AuditChainPart, AuditPruneStep, AuditStore, SealStep } from "../../src/audit/audit-store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { auditPromises, onAuditBackend } from "../../src/testing/audit-suite.ts";
import { sentencesOf } from "../port-sentences.ts";

const promises = Object.values(auditPromises).flatMap((cases) => Object.entries(cases));

test("every sentence of the audit port is a promise in the suite, in the same words", () => {
  const names = promises.map(([name]) => name);
  const missing = sentencesOf("audit/audit-store.ts", "AuditStore").filter((each) => !names.includes(each));
  assert.deepEqual(missing, [
    "methods reject only when the backend itself fails",
    "every method is one atomic step of its backend",
    "many nodes may use them at once",
  ]);
  assert.equal(new Set(names).size, names.length);
});

/** Works as it should; what is broken overrides one method. */
class SoundStore implements AuditStore {
  protected readonly sound: AuditStore = new MemorySessionStore().audit;

  append(records: readonly AuditRecord[]): Promise<void> {
    return this.sound.append(records);
  }

  query(query: AuditQuery): Promise<AuditPage> {
    return this.sound.query(query);
  }

  seal(batch: number): Promise<SealStep> {
    return this.sound.seal(batch);
  }

  chain(position: number, limit: number): Promise<AuditChainPart> {
    return this.sound.chain(position, limit);
  }

  deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
    return this.sound.deleteOlder(before, batch);
  }
}

const noSeal = { position: 0, hash: "" };

const brokenStores: Readonly<Record<string, { breaks: string; Store: new () => AuditStore }>> = {
  "forgets what it was given": {
    breaks: "where audit records live",
    Store: class extends SoundStore {
      override async append(): Promise<void> {}
    },
  },
  "keeps the beginning of a batch that fails": {
    breaks: "adds records, all or none",
    Store: class extends SoundStore {
      override async append(records: readonly AuditRecord[]): Promise<void> {
        for (const record of records) await this.sound.append([record]);
      }
    },
  },
  "has a record twice that was sent twice": {
    breaks: "one that is there already stays as it is: a batch may be sent again",
    Store: class extends SoundStore {
      #sent = 0;
      override append(records: readonly AuditRecord[]): Promise<void> {
        return this.sound.append(records.map((each) => ({ ...each, id: `${each.id}${this.#sent++}` })));
      }
    },
  },
  "loses a text": {
    breaks: "every text is kept as it is, and in its own field",
    Store: class extends SoundStore {
      override append(records: readonly AuditRecord[]): Promise<void> {
        return this.sound.append(
          records.map((each) => ({ ...each, ...(each.reason && { reason: each.reason.split("\0")[0]! }) })),
        );
      }
    },
  },
  "takes no notice of the event": {
    breaks: "gives the records that fit, the newest first, at most `limit`",
    Store: class extends SoundStore {
      override query({ event: _, ...query }: AuditQuery): Promise<AuditPage> {
        return this.sound.query(query);
      }
    },
  },
  "counts pages": {
    breaks: "pages follow each other without a gap and without a repetition, whatever is added meanwhile",
    Store: class extends SoundStore {
      override async query({ cursor = "0", limit, ...query }: AuditQuery): Promise<AuditPage> {
        const from = Number(cursor);
        const { records } = await this.sound.query({ ...query, limit: 1_000 });
        const next = records.length > from + limit ? String(from + limit) : undefined;
        return { records: records.slice(from, from + limit), next };
      }
    },
  },
  "pages by time alone": {
    breaks: "records of the same millisecond are all on some page",
    Store: class extends SoundStore {
      override query({ cursor, ...query }: AuditQuery): Promise<AuditPage> {
        const to = cursor === undefined ? {} : { to: Number(cursor.split(".")[0]) };
        return this.sound.query({ ...query, ...to });
      }
    },
  },
  "seals the tail behind the last time it saw, as one sorts by a sequence": {
    breaks: "each record is sealed once, however late it was added and however many seal at once",
    Store: class extends SoundStore {
      #lastSeen = 0;
      override async append(records: readonly AuditRecord[]): Promise<void> {
        // What is older than the last sealed record is never looked at again.
        const { records: known } = await this.sound.chain(0, 10_000);
        this.#lastSeen = Math.max(this.#lastSeen, ...known.map(({ record }) => record.at));
        await this.sound.append(records.filter(({ at }) => at > this.#lastSeen));
      }
    },
  },
  "seals without a hash": {
    breaks: "a chain is the same in every store: its hashes are those of the rule",
    Store: class extends SoundStore {
      override async chain(position: number, limit: number): Promise<AuditChainPart> {
        const part = await this.sound.chain(position, limit);
        return { ...part, records: part.records.map((each) => ({ ...each, hash: "" })) };
      }
    },
  },
  "seals everything in one step": {
    breaks: "adds the oldest of the unsealed records, at most `batch`, to the end of the chain",
    Store: class extends SoundStore {
      override seal(): Promise<SealStep> {
        return this.sound.seal(10_000);
      }
    },
  },
  "removes what is not sealed": {
    breaks: "what is not sealed is never removed",
    Store: class extends SoundStore {
      override async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
        await this.sound.seal(10_000);
        return this.sound.deleteOlder(before, batch);
      }
    },
  },
  "forgets the hash of what it removed": {
    breaks:
      "removes records from the beginning of the chain, each while it and the one sealed after it are older than `before`, at most `batch`, and keeps the hash of the last one removed",
    Store: class extends SoundStore {
      override async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
        return { ...(await this.sound.deleteOlder(before, batch)), start: noSeal };
      }

      override async chain(position: number, limit: number): Promise<AuditChainPart> {
        return { ...(await this.sound.chain(position, limit)), start: noSeal };
      }
    },
  },
  "starts a new chain where everything was removed": {
    breaks: "the chain goes on where everything that may go was removed",
    Store: class extends SoundStore {
      override async chain(position: number, limit: number): Promise<AuditChainPart> {
        const part = await this.sound.chain(position, limit);
        return part.records.length === 1 ? { ...part, start: noSeal, head: noSeal } : part;
      }
    },
  },
  "removes all that is old": {
    breaks:
      "so the first one left is older than `before` itself: who removes younger ones cannot show such a beginning",
    Store: class extends SoundStore {
      override async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
        const { records } = await this.sound.chain(0, 10_000);
        const older = records.filter(({ record }) => record.at < before).length;
        // As if one more were old: the last one goes, too.
        const next = older < records.length ? records[older]!.record.at + 1 : before;
        return this.sound.deleteOlder(next, Math.min(batch, older));
      }
    },
  },
  "goes by the age of each, and not by its place": {
    breaks: "a record that came late does not let the last old one before younger ones go",
    Store: class extends SoundStore {
      override async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
        const { records } = await this.sound.chain(0, 10_000);
        const older = records.filter(({ record }) => record.at < before).length;
        return this.sound.deleteOlder(Number.POSITIVE_INFINITY, Math.min(batch, older));
      }
    },
  },
  "takes -Infinity for no number": {
    breaks: "`-Infinity` is before every position that a row can have",
    Store: class extends SoundStore {
      override chain(position: number, limit: number): Promise<AuditChainPart> {
        return this.sound.chain(Number.isFinite(position) ? position : Number.MAX_SAFE_INTEGER, limit);
      }
    },
  },
};

describe("An audit store that", () => {
  for (const [what, { breaks, Store }] of Object.entries(brokenStores)) {
    test(`${what} breaks "${breaks}"`, async () => {
      const [, prove] = promises.find(([name]) => name === breaks)!;
      const store = new Store();
      const proving = onAuditBackend(() => ({ connect: () => store, close: () => {} }), prove);
      await assert.rejects(proving, (error) => !(error instanceof TypeError));
    });
  }

  test("works as it should breaks nothing", async () => {
    for (const [, prove] of promises) {
      const store = new SoundStore();
      await onAuditBackend(() => ({ connect: () => store, close: () => {} }), prove);
    }
  });
});
