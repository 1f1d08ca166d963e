/** A plain store of remembered browsers that keeps the contract. Broken ones change one of its small methods. */
import { isLive } from "../../src/core/record.ts";
import { changedRemember, sessionsOf } from "../../src/core/remember-record.ts";
import type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "../../src/core/remember-store.ts";
import type { SessionId } from "../../src/core/token.ts";

/** What a step of pruning found. */
interface Look {
  readonly due: readonly RememberRecord[];
  readonly next: string | undefined;
}

/** Everything in one map, looked through from end to end. */
export class PlainRememberStore implements RememberStore {
  protected readonly kept: Map<SessionId, RememberRecord> = new Map();

  async insert(record: RememberRecord, _now: number): Promise<boolean> {
    if (this.kept.has(record.id) || this.sessionsOf(record).some((id) => this.bySession(id))) return false;
    this.keep(record);
    return true;
  }

  async find(id: SessionId): Promise<RememberRecord | undefined> {
    return structuredClone(this.kept.get(id));
  }

  async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return structuredClone(this.bySession(sessionId));
  }

  async findByUser(userId: string): Promise<readonly RememberRecord[]> {
    return structuredClone(this.recordsOf(userId));
  }

  async update(id: SessionId, change: RememberChange, now: number, secretRevision: number): Promise<boolean> {
    const record = this.kept.get(id);
    if (!record || !this.isLive(record, now) || record.secretRevision !== secretRevision) return false;
    if (change.sessionId !== undefined && this.bySession(change.sessionId)) return false;
    this.keep(this.changed(record, change));
    return true;
  }

  async delete(id: SessionId): Promise<RememberRecord | undefined> {
    return this.remove(this.kept.get(id));
  }

  async deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return this.remove(this.bySession(sessionId));
  }

  async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
    const leaving = this.recordsOf(userId).filter((record) => !this.isSpared(record, except));
    for (const record of leaving) this.remove(record);
    return leaving;
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<RememberPruneStep> {
    const { due, next } = this.look(now, batch, from);
    for (const record of due) this.remove(record);
    return { removed: due.length, next };
  }

  protected look(now: number, batch: number, from: string): Look {
    const ids = [...this.kept.keys()].filter((id) => id > from).sort();
    const step = ids.slice(0, batch).map((id) => this.kept.get(id)!);
    const due = step.filter((record) => !this.isLive(record, now));
    return { due, next: ids.length > batch ? ids[batch - 1] : undefined };
  }

  protected keep(record: RememberRecord): void {
    this.kept.set(record.id, structuredClone(record));
  }

  protected remove(record: RememberRecord | undefined): RememberRecord | undefined {
    if (record) this.kept.delete(record.id);
    return record;
  }

  protected recordsOf(userId: string): RememberRecord[] {
    return [...this.kept.values()].filter((record) => record.userId === userId);
  }

  protected bySession(sessionId: SessionId): RememberRecord | undefined {
    return [...this.kept.values()].find((record) => this.sessionsOf(record).includes(sessionId));
  }

  protected sessionsOf(record: RememberRecord): SessionId[] {
    return sessionsOf(record);
  }

  protected changed(record: RememberRecord, change: RememberChange): RememberRecord {
    return changedRemember(record, change);
  }

  protected isSpared({ sessionId }: RememberRecord, except: SessionId | undefined): boolean {
    return sessionId === except;
  }

  protected isLive(record: RememberRecord, now: number): boolean {
    return isLive(record, now);
  }
}
