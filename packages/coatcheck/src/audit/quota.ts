/** How much of what anybody can cause is recorded one by one. */
import type { AuditRecord } from "./audit-record.ts";
import type { AuditFact } from "./fact.ts";

/** Records of a kind within a window. */
const allowance = 60;
export const quotaWindow = 60_000;
/** Kinds that are told apart within a window; beyond, all of an event are one kind. */
const mostKinds = 1_000;

interface Kind {
  /** What all of the kind have in common. */
  readonly about: Pick<AuditFact, "event" | "reason" | "userId">;
  readonly since: number;
  count: number;
}

export class Quota {
  #kinds = new Map<string, Kind>();
  #until = Number.NEGATIVE_INFINITY;

  /** Whether the record is written. Those that are not are counted. */
  admits(record: AuditRecord, now: number): boolean {
    if (this.#kinds.size === 0) this.#until = now + quotaWindow;
    const kind = this.#kindOf(record);
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
    return crowded.map(({ about, since, count }) => ({
      ...about,
      details: { unrecorded: count - allowance, since },
    }));
  }

  #kindOf({ event, reason, userId, at }: AuditRecord): Kind {
    const name = JSON.stringify([event, reason, userId]);
    const known = this.#kinds.get(name);
    if (known) return known;
    const isOwn = this.#kinds.size < mostKinds;
    const kind: Kind = { about: isOwn ? { event, reason, userId } : { event }, since: at, count: 0 };
    return this.#remember(isOwn ? name : JSON.stringify([event]), kind);
  }

  #remember(name: string, kind: Kind): Kind {
    const known = this.#kinds.get(name) ?? kind;
    this.#kinds.set(name, known);
    return known;
  }
}
