/** Audit records in the memory of this process. */
import {
  type AuditKey,
  type AuditPage,
  type AuditQuery,
  type AuditRecord,
  byNewest,
  pageOf,
  positionOf,
} from "../../audit/audit-record.ts";
import {
  type AuditChainPart,
  type AuditPruneStep,
  type AuditSeal,
  type AuditStore,
  genesis,
  type SealedRecord,
  type SealStep,
} from "../../audit/audit-store.ts";
import { sealAfter } from "../../audit/chain.ts";

/**
 * Keeps the last 10,000 records, for tests and development: an audit that ends with its process proves nothing. Full,
 * it lets the oldest go, sealed or not.
 */
export class MemoryAuditStore implements AuditStore {
  readonly #maximum: number;
  readonly #known = new Set<string>();
  #sealed: SealedRecord[] = [];
  #unsealed: AuditRecord[] = [];
  #start: AuditSeal = genesis;

  constructor(maximum = 10_000) {
    this.#maximum = maximum;
  }

  async append(records: readonly AuditRecord[]): Promise<void> {
    for (const record of records.map((each) => structuredClone(each))) this.#add(record);
    this.#unsealed.sort(byOldest);
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    const after = positionOf(query);
    const all = [...this.#sealed.map(({ record }) => record), ...this.#unsealed];
    const found = all.filter((record) => fits(record, query) && (!after || byNewest(after, record) < 0));
    return pageOf(found.sort(byNewest), query.limit);
  }

  async seal(batch: number): Promise<SealStep> {
    const next = this.#unsealed.splice(0, batch);
    for (const record of next) this.#sealed.push({ record, ...sealAfter(this.#head, record) });
    return { sealed: next.length, head: this.#head };
  }

  async chain(position: number, limit: number): Promise<AuditChainPart> {
    const behind = this.#sealed.filter((each) => each.position > position);
    return { start: this.#start, head: this.#head, records: behind.slice(0, limit) };
  }

  async deleteOlder(before: number, batch: number): Promise<AuditPruneStep> {
    const young = this.#sealed.findIndex(({ record }) => record.at >= before);
    const old = young === -1 ? this.#sealed.length : young;
    const removed = Math.min(batch, Math.max(0, old - 1));
    this.#removeSealed(removed);
    return { removed, start: this.#start };
  }

  get #head(): AuditSeal {
    const { position, hash } = this.#sealed.at(-1) ?? this.#start;
    return { position, hash };
  }

  #add(record: AuditRecord): void {
    if (this.#known.has(nameOf(record))) return;
    if (this.#known.size >= this.#maximum) this.#makeRoom();
    this.#known.add(nameOf(record));
    this.#unsealed.push(record);
  }

  #makeRoom(): void {
    const oldest = this.#sealed.length > 0 ? undefined : this.#unsealed.shift();
    if (oldest) this.#known.delete(nameOf(oldest));
    else this.#removeSealed(1);
  }

  #removeSealed(count: number): void {
    const last = this.#sealed[count - 1];
    if (!last) return;
    this.#start = { position: last.position, hash: last.hash };
    for (const { record } of this.#sealed.splice(0, count)) this.#known.delete(nameOf(record));
  }
}

function fits(record: AuditRecord, { userId, event, sessionId, from, to }: AuditQuery): boolean {
  return (
    (userId === undefined || record.userId === userId) &&
    (event === undefined || record.event === event) &&
    (sessionId === undefined || record.sessionId === sessionId) &&
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to)
  );
}

function byOldest(a: AuditKey, b: AuditKey): number {
  return byNewest(b, a);
}

function nameOf({ at, id }: AuditKey): string {
  return `${at}.${id}`;
}
