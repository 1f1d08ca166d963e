/** How much of what anybody can cause is recorded one by one. */
import type { AuditRecord } from "./audit-record.ts";
import type { AuditFact } from "./fact.ts";

/** Records of a kind within a window. */
const allowance = 60;
export const quotaWindow = 60_000;
/** Kinds that are told apart within a window; beyond, all of an event are one kind. */
const mostKinds = 1_000;

interface Kind {
  readonly first: AuditRecord;
  count: number;
}

export class Quota {
  #kinds = new Map<string, Kind>();
  #until = Number.NEGATIVE_INFINITY;

  /** Whether the record is written. Those that are not are counted. */
  admits(record: AuditRecord, now: number): boolean {
    if (this.#kinds.size === 0) this.#until = now + quotaWindow;
    const { event, reason = "", userId = "" } = record;
    const name = JSON.stringify(this.#kinds.size < mostKinds ? [event, reason, userId] : [event]);
    const kind = this.#kinds.get(name) ?? { first: record, count: 0 };
    this.#kinds.set(name, kind);
    kind.count++;
    return kind.count <= allowance;
  }

  /** Whether the window is over, so that `close` has something to tell. */
  isOver(now: number): boolean {
    return this.#kinds.size > 0 && now >= this.#until;
  }

  /** Begins anew, and tells how many there were that were not recorded. */
  close(): AuditFact[] {
    const crowded = [...this.#kinds.values()].filter(({ count }) => count > allowance);
    this.#kinds = new Map();
    return crowded.map(({ first: { event, reason, userId, at }, count }) => ({
      event,
      reason,
      userId,
      details: { unrecorded: count - allowance, since: at },
    }));
  }
}
