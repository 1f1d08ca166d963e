/** A plain store that keeps the contract. Broken ones are made of it, each by changing one of its small methods. */
import { changed, isLive, leaving, meets } from "../../src/core/record.ts";
import {
  type Ended,
  type EndedSession,
  type EndReason,
  type InsertResult,
  isEnded,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  tombstone,
  type UpdateCondition,
} from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";

/** What a step of pruning found. */
interface Look {
  readonly due: readonly (SessionRecord | EndedSession)[];
  readonly next: string | undefined;
}

/** Everything in one map, looked through from end to end. */
export class PlainStore implements SessionStore {
  readonly timeout: number = Number.POSITIVE_INFINITY;
  protected readonly kept: Map<SessionId, SessionRecord | EndedSession> = new Map();

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    if (this.kept.has(record.id)) return { inserted: false, because: "duplicate" };
    const ended = limit ? this.leaving(this.sessionsOf(record.userId), limit, now) : [];
    if (!ended) return { inserted: false, because: "limit" };
    for (const { record: former, reason } of ended) this.end(former, reason, now);
    this.keep(record);
    return { inserted: true, ended };
  }

  async find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
    return structuredClone(this.kept.get(id));
  }

  async update(
    id: SessionId,
    change: SessionChange,
    now: number,
    condition?: UpdateCondition,
  ): Promise<boolean> {
    const record = this.session(id);
    if (!record || !this.isLive(record, now) || !meets(record, condition)) return false;
    this.keep(this.changed(record, change));
    return true;
  }

  async delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    const record = this.session(id);
    if (record) this.end(record, reason, now);
    return record;
  }

  async findByUser(userId: string): Promise<readonly SessionRecord[]> {
    return structuredClone(this.sessionsOf(userId));
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    const ended = this.sessionsOf(userId).filter(({ id }) => id !== except);
    for (const record of ended) this.end(record, reason, now);
    return ended;
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<PruneStep> {
    const { due, next } = this.look(now, batch, from);
    return this.prune(due, next);
  }

  async time(): Promise<undefined> {}

  protected look(now: number, batch: number, from: string): Look {
    const ids = [...this.kept.keys()].filter((id) => id > from).sort();
    const step = ids.slice(0, batch).map((id) => this.kept.get(id)!);
    const due = step.filter((each) => this.isDue(each, now));
    return { due, next: ids.length > batch ? ids[batch - 1] : undefined };
  }

  protected prune(due: readonly (SessionRecord | EndedSession)[], next: string | undefined): PruneStep {
    for (const each of due) this.remove(each);
    return { expired: due.filter(isSession), next };
  }

  protected session(id: SessionId): SessionRecord | undefined {
    const found = this.kept.get(id);
    return found && !isEnded(found) ? found : undefined;
  }

  protected sessions(): SessionRecord[] {
    return [...this.kept.values()].filter(isSession);
  }

  protected sessionsOf(userId: string): SessionRecord[] {
    return this.sessions().filter((record) => record.userId === userId);
  }

  protected keep(record: SessionRecord): void {
    this.kept.set(record.id, structuredClone(record));
  }

  protected end(record: SessionRecord, reason: EndReason, now: number): void {
    this.kept.set(record.id, tombstone(record, reason, now));
  }

  protected remove({ id }: SessionRecord | EndedSession): void {
    this.kept.delete(id);
  }

  protected leaving(
    sessions: readonly SessionRecord[],
    limit: SessionLimit,
    now: number,
  ): readonly Ended[] | undefined {
    return leaving(sessions, limit, now);
  }

  protected isLive(record: SessionRecord, now: number): boolean {
    return isLive(record, now);
  }

  protected isDue(each: SessionRecord | EndedSession, now: number): boolean {
    return isEnded(each) ? each.until <= now : !isLive(each, now);
  }

  protected changed(record: SessionRecord, change: SessionChange): SessionRecord {
    return changed(record, change);
  }
}

export function isSession(each: SessionRecord | EndedSession): each is SessionRecord {
  return !isEnded(each);
}
