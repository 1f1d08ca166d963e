/** Remembered browsers in the memory of this process. */
import { isLive } from "../../core/record.ts";
import { changedRemember, sessionsOf } from "../../core/remember-record.ts";
import type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "../../core/remember-store.ts";
import type { SessionId } from "../../core/token.ts";
import { Rack } from "./rack.ts";

/** Full, it drops what has expired; if nothing has, `insert` rejects. */
export class MemoryRememberStore implements RememberStore {
  readonly #maximum: number;
  readonly #records = new Rack<RememberRecord>();
  readonly #idsBySession = new Map<SessionId, SessionId>();
  readonly #idsByUser = new Map<string, Set<SessionId>>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  // No method awaits anything: each has done its work before it returns, and so is one atomic step.

  async insert(record: RememberRecord, now: number): Promise<boolean> {
    if (this.#records.get(record.id)) return false;
    if (sessionsOf(record).some((id) => this.#idsBySession.has(id))) return false;
    this.#assertRoom(now);
    this.#records.add(frozen(record));
    this.#list(record);
    return true;
  }

  async find(id: SessionId): Promise<RememberRecord | undefined> {
    return this.#records.get(id);
  }

  async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    const id = this.#idsBySession.get(sessionId);
    return id && this.#records.get(id);
  }

  async findByUser(userId: string): Promise<readonly RememberRecord[]> {
    return this.#recordsOf(userId);
  }

  async update(id: SessionId, change: RememberChange, now: number, secretRevision: number): Promise<boolean> {
    const record = this.#records.get(id);
    if (!record || !isLive(record, now) || record.secretRevision !== secretRevision) return false;
    if (change.sessionId !== undefined && this.#idsBySession.has(change.sessionId)) return false;
    const next = frozen(changedRemember(record, change));
    this.#unlist(record);
    this.#records.replace(next);
    this.#list(next);
    return true;
  }

  async delete(id: SessionId): Promise<RememberRecord | undefined> {
    return this.#remove(this.#records.get(id));
  }

  async deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    const id = this.#idsBySession.get(sessionId);
    return id && this.#remove(this.#records.get(id));
  }

  async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
    const removed = this.#recordsOf(userId).filter(({ sessionId }) => sessionId !== except);
    for (const record of removed) this.#remove(record);
    return removed;
  }

  async deleteExpired(now: number, batch: number, from?: string): Promise<RememberPruneStep> {
    const { seen, next } = this.#records.walk(batch, from === undefined ? undefined : Number(from));
    const expired = seen.filter((record) => !isLive(record, now));
    for (const record of expired) this.#remove(record);
    return { removed: expired.length, next: next === undefined ? undefined : String(next) };
  }

  #recordsOf(userId: string): RememberRecord[] {
    return Array.from(this.#idsByUser.get(userId) ?? [], (id) => this.#records.get(id)!);
  }

  #remove(record: RememberRecord | undefined): RememberRecord | undefined {
    if (!record) return undefined;
    this.#records.remove(record.id);
    this.#unlist(record);
    return record;
  }

  #list(record: RememberRecord): void {
    for (const sessionId of sessionsOf(record)) this.#idsBySession.set(sessionId, record.id);
    const ids = this.#idsByUser.get(record.userId);
    if (ids) ids.add(record.id);
    else this.#idsByUser.set(record.userId, new Set([record.id]));
  }

  #unlist(record: RememberRecord): void {
    for (const sessionId of sessionsOf(record)) this.#idsBySession.delete(sessionId);
    const ids = this.#idsByUser.get(record.userId)!;
    ids.delete(record.id);
    if (ids.size === 0) this.#idsByUser.delete(record.userId);
  }

  #assertRoom(now: number): void {
    if (this.#records.size < this.#maximum) return;
    const { seen } = this.#records.walk(this.#records.size);
    for (const record of seen) if (!isLive(record, now)) this.#remove(record);
    if (this.#records.size < this.#maximum) return;
    throw new Error(
      `MemorySessionStore is full: ${this.#maximum} remembered browsers. Raise maximumSessions, or keep sessions in a database`,
    );
  }
}

/** A copy that nobody can change, so that it can be handed out as often as it is asked for. */
function frozen(record: RememberRecord): RememberRecord {
  const { pending, superseded, client } = record;
  return Object.freeze({
    ...record,
    client: Object.freeze({ ...client }),
    superseded: Object.freeze(superseded.map((former) => Object.freeze({ ...former }))),
    ...(pending && { pending: Object.freeze({ ...pending }) }),
  });
}
