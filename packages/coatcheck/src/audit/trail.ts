/** Hears of everything, and sees to it that it is recorded. */
import type { SessionObserver, Warn } from "../core/events.ts";
import type { AuditRecord } from "./audit-record.ts";
import type { AuditStore } from "./audit-store.ts";
import { auditContext } from "./correlation.ts";
import { type AuditFact, factOf, recordOf } from "./fact.ts";
import { Quota, quotaWindow } from "./quota.ts";
import { AuditWriter } from "./writer.ts";

/** Takes a record: a log, a queue, another system. What it throws is reported and changes nothing. */
export type AuditSink = (record: AuditRecord) => void | Promise<void>;

/** Where an audit goes: at least one place. */
export interface AuditTrailOptions {
  /** The database: `store.audit` of the stores for SQLite, PostgreSQL and memory. */
  readonly store?: AuditStore;
  readonly sinks?: readonly AuditSink[];
  /** Reports what nobody waits for. Default `console.warn`. */
  readonly warn?: Warn;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Records every session event that it observes, and what the application tells it. No request waits for it, and none
 * fails because of it: records are written in batches a moment later. A process that dies takes the records of its last
 * tenth of a second along.
 */
export class AuditTrail {
  /** For the manager: `sessions.observe(trail.observe)`. */
  readonly observe: SessionObserver = (event) => this.record(factOf(event));
  readonly #writer: AuditWriter | undefined;
  readonly #sinks: readonly AuditSink[];
  readonly #warn: Warn;
  readonly #now: () => number;
  readonly #quota = new Quota();
  #windowEnd: NodeJS.Timeout | undefined;

  /** @throws TypeError if there is neither a store nor a sink. */
  constructor({ store, sinks = [], warn, now = Date.now }: AuditTrailOptions) {
    if (typeof store?.append !== "function" && sinks.length === 0) {
      throw new TypeError(
        "AuditTrail needs a store or a sink: new AuditTrail({ store: store.audit }). Redis keeps no audit: use SQLite or PostgreSQL beside it",
      );
    }
    this.#warn =
      warn ?? ((message, cause) => console.warn(`coatcheck: ${message}`, ...(cause ? [cause] : [])));
    this.#now = now;
    this.#sinks = sinks;
    this.#writer = store && new AuditWriter(store, this.#warn);
  }

  /** Records something, with the context of the request (`correlated`). */
  record(fact: AuditFact): void {
    const now = this.#now();
    if (this.#quota.isOver(now)) this.#closeWindow();
    const record = recordOf(fact, auditContext(), now);
    if (!fact.unproven || this.#quota.admits(record, now)) this.#write(record);
    else this.#windowEnd ??= setTimeout(() => this.#closeWindow(), quotaWindow).unref();
  }

  /** Resolves when what was recorded by now is written, or its store has failed to. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** Writes what is left. Call it before the store is closed. */
  async close(): Promise<void> {
    this.#closeWindow();
    await this.#writer?.close();
  }

  #write(record: AuditRecord): void {
    for (const sink of this.#sinks) this.#tell(sink, record);
    this.#writer?.write(record);
  }

  #tell(sink: AuditSink, record: AuditRecord): void {
    const report = (cause: unknown) => this.#warn(`An audit sink failed at "${record.event}"`, cause);
    try {
      const outcome = sink(record);
      if (outcome instanceof Promise) outcome.catch(report);
    } catch (cause) {
      report(cause);
    }
  }

  /** What was only counted is told by nobody's request. */
  #closeWindow(): void {
    clearTimeout(this.#windowEnd);
    this.#windowEnd = undefined;
    for (const fact of this.#quota.close()) this.#write(recordOf(fact, {}, this.#now()));
  }
}
