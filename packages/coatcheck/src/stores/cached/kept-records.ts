/** Live records as a store had them a moment ago: a bounded number, each until something is told of it. */
import { changed, frozen } from "../../core/record.ts";
import type { SessionChange, SessionRecord } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { RecordTable } from "./record-table.ts";

/** A find that is under way. */
export type Read = symbol;

export class KeptRecords {
  readonly #maximum: number;
  /**
   * What was used lately, and what was used before that: as cheap as one table, and about as good as knowing the order of
   * all uses. When the first is half of the maximum, it becomes the second, which is forgotten.
   */
  #young = new RecordTable();
  #old = new RecordTable();
  /** The last find of each id that is under way and that nothing was told of since it began. */
  readonly #reads = new Map<SessionId, Read>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(id: SessionId): SessionRecord | undefined {
    const young = this.#young.get(id);
    if (young) return young;
    const old = this.#old.get(id);
    if (old) {
      this.#old.delete(id);
      this.#put(old);
    }
    return old;
  }

  /** To be called before a find is sent: what is told of the session from now on is newer than its answer may be. */
  begin(id: SessionId): Read {
    const read = Symbol("read");
    this.#reads.set(id, read);
    return read;
  }

  /** The find has ended. Its answer is kept if nothing was told of the session since it began. */
  end(id: SessionId, read: Read, record: SessionRecord | undefined): void {
    if (this.#reads.get(id) !== read) return;
    this.#reads.delete(id);
    if (!record) return;
    this.#old.delete(id);
    this.#put(frozen(withOwnTexts(record)));
  }

  /** The store has noted a use. */
  touch(id: SessionId, change: Pick<SessionChange, "seen">): void {
    const record = this.get(id);
    if (record) this.#young.set(frozen(changed(record, change)));
  }

  forget(id: SessionId): void {
    this.#reads.delete(id);
    this.#young.delete(id);
    this.#old.delete(id);
  }

  /** All of a user but one. A find that is under way may be of theirs, so none is kept. */
  forgetUser(userId: string, except: SessionId | undefined): void {
    this.#reads.clear();
    for (const records of [this.#young, this.#old]) {
      for (const record of records.values()) {
        if (record.userId === userId && record.id !== except) records.delete(record.id);
      }
    }
  }

  empty(): void {
    this.#reads.clear();
    this.#young.clear();
    this.#old.clear();
  }

  #put(record: SessionRecord): void {
    if (this.#young.size >= this.#maximum / 2) {
      this.#old = this.#young;
      this.#young = new RecordTable();
    }
    this.#young.set(record);
  }
}

/** Texts that a store has cut from its answer keep all of it alive, and take longer to compare at each hit. */
function withOwnTexts(record: SessionRecord): SessionRecord {
  return JSON.parse(JSON.stringify(record));
}
