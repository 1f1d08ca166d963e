/** Brings audit records into a store, without anybody waiting for it. */
import type { Warn } from "../core/events.ts";
import type { AuditRecord } from "./audit-record.ts";
import type { AuditStore } from "./audit-store.ts";
import { recordOf } from "./fact.ts";

/** About 10 MB. */
const mostWaiting = 10_000;
/** SQLite writes so many in a few milliseconds of the event loop. */
const batchSize = 100;
/** What happens within this time is written together. */
const gathering = 100;
const firstRetry = 1_000;
const longestRetry = 30_000;

/** What did not fit into memory while the store was away. */
interface Gap {
  lost: number;
  readonly from: number;
  to: number;
}

/**
 * Keeps what is to be written in memory, and writes it in batches. While the store is away up to 10,000 records wait
 * for it; the ones after them are lost, and counted in a record of their own (`audit-gap`) when it is back.
 */
export class AuditWriter {
  readonly #store: AuditStore;
  readonly #warn: Warn;
  readonly #waiting: AuditRecord[] = [];
  #gap: Gap | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(store: AuditStore, warn: Warn) {
    this.#store = store;
    this.#warn = warn;
  }

  write(record: AuditRecord): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(record);
    else this.#lose(record);
    this.#flushIn(gathering);
  }

  /** Writes all that waits; what cannot be written goes on waiting. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Writes all that waits, for the last time. */
  async close(): Promise<void> {
    await this.flush();
    // What came in while the last batch was under way.
    await this.flush();
    clearTimeout(this.#timer);
    const lost = this.#waiting.length + (this.#gap?.lost ?? 0);
    if (lost > 0) this.#warn(`${lost} audit records are lost: their store did not come back before the end`);
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, batchSize);
        await this.#store.append(batch);
        this.#waiting.splice(0, batch.length);
        this.#recover();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #lose({ at }: AuditRecord): void {
    if (!this.#gap) this.#warn(`${mostWaiting} audit records wait for their store; further ones are lost`);
    this.#gap ??= { lost: 0, from: at, to: at };
    this.#gap.lost++;
    this.#gap.to = at;
  }

  #fail(cause: unknown): void {
    if (this.#failures === 0) this.#warn("Audit records cannot be written; they wait in memory", cause);
    const delay = Math.min(longestRetry, firstRetry * 2 ** this.#failures);
    this.#failures++;
    this.#flushIn(delay);
  }

  #recover(): void {
    this.#failures = 0;
    const gap = this.#gap;
    if (!gap) return;
    this.#gap = undefined;
    this.#warn(`${gap.lost} audit records were lost while their store was away`);
    this.#waiting.push(recordOf({ event: "audit-gap", details: { ...gap } }, {}, gap.to));
  }

  /** A retry that is waited for already comes first: records must not hammer at a store that is away. */
  #flushIn(delay: number): void {
    this.#timer ??= setTimeout(() => void this.flush(), delay).unref();
  }
}
