/** What joins the audit, told as it comes: by this node, by others, and by commands that run beside them. */
import type { AuditQuery, AuditRecord, AuditStore } from "coatcheck";

/** How often it is looked, while anybody listens; in milliseconds. */
const interval = 1_000;
/** A record is found that came so much later than it says: a node wrote it late, or its clock is behind. */
const lateness = 60_000;
/** What is looked at each time; of more that came in a second the oldest are passed over. */
const most = 200;

/** What came since the last time. */
export interface AuditNews {
  /** The newest first. */
  readonly records: readonly AuditRecord[];
  /** Whether there are more of them than are told. */
  readonly skipped: boolean;
}

export type AuditListener = (news: AuditNews) => void;

/** What of the audit somebody listens for. */
export type AuditInterest = Pick<AuditQuery, "event" | "userId" | "sessionId">;

/**
 * Asks the database once a second, once for all who listen, and not at all while nobody does. What it has told it knows
 * by the last answer, which is all that it keeps.
 */
export class AuditTail {
  readonly #audit: Pick<AuditStore, "query">;
  readonly #now: () => number;
  readonly #listeners = new Set<AuditListener>();
  #told: ReadonlySet<string> | undefined;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(audit: Pick<AuditStore, "query">, now: () => number) {
    this.#audit = audit;
    this.#now = now;
  }

  /**
   * Everything that is written from when this resolves is told. Resolves to how to stop.
   * @throws what the store failed with.
   */
  async listen(listener: AuditListener): Promise<() => void> {
    while (!this.#told) await this.look();
    this.#listeners.add(listener);
    // An outage is over sooner or later, and what came meanwhile is told then.
    this.#timer ??= setInterval(() => void this.look().catch(() => {}), interval).unref();
    return () => this.#stop(listener);
  }

  /** It happens by itself; this is for who wants to wait for it. One look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  #stop(listener: AuditListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#told = undefined;
  }

  async #look(): Promise<void> {
    const told = this.#told;
    const since = this.#now() - lateness;
    const { records, next } = await this.#audit.query({ from: told ? this.#since : since, limit: most });
    // Nobody listens any more: what is known now would be old when somebody does.
    if (told && this.#listeners.size === 0) return;
    this.#told = new Set(records.map(({ id }) => id));
    this.#since = since;
    if (!told) return;
    const news = records.filter(({ id }) => !told.has(id));
    if (news.length === 0) return;
    const skipped = next !== undefined && news.length === records.length;
    for (const listener of this.#listeners) listener({ records: news, skipped });
  }
}

/** Whether somebody listens for this one. */
export function isOfInterest({ event, userId, sessionId }: AuditInterest, record: AuditRecord): boolean {
  return (
    (event === undefined || event === record.event) &&
    (userId === undefined || userId === record.userId) &&
    (sessionId === undefined || sessionId === record.sessionId)
  );
}
