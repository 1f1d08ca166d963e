/** Noting that sessions are used. */
import type { House } from "./house.ts";
import { NotedUses } from "./noted-uses.ts";
import { deadline } from "./policy.ts";
import type { SessionChange, SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

/** SQLite holds the event loop up for some milliseconds with so many. */
const mostAtOnce = 256;
/** So many wait while the store is slow. Of more none is kept: each of these sessions is noted at its next request. */
const mostWaiting = 10_000;

interface Use {
  readonly id: SessionId;
  readonly seen: NonNullable<SessionChange["seen"]>;
}

export class Touches {
  readonly #house: House;
  readonly #noted: NotedUses;
  #waiting: Use[] = [];
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor(house: House) {
    this.#house = house;
    this.#noted = new NotedUses(house.policy.touchInterval);
  }

  /**
   * Moves the idle deadline of a session that was used just now; false if it is gone. Whoever asked for it is told where
   * it cannot be done: a deadline by a wrong clock would be one for all nodes.
   * @throws StoreUnavailableError if the store failed, or this node's clock is wrong.
   */
  async touch(session: Pick<SessionRecord, "id" | "createdAt">): Promise<boolean> {
    await this.#house.storeClock.assertAgrees();
    const now = this.#house.now();
    return this.#house.store.update(session.id, { seen: this.#seen(session, now) }, now);
  }

  /**
   * Once in a `touchInterval`, whether it succeeds or not, and whatever a find that is slow still believes. The request
   * does not wait for it. Those that come while others are written go together after them: a store that is slow is not
   * asked for more, and keeps its connections for finds.
   */
  touchIfDue(record: SessionRecord, now: number): void {
    const { policy, storeClock } = this.#house;
    if (now - record.lastSeenAt < policy.touchInterval) return;
    if (!storeClock.agrees || this.#waiting.length >= mostWaiting) return;
    if (!this.#noted.isNews(record.id, now)) return;
    this.#waiting.push({ id: record.id, seen: this.#seen(record, now) });
    this.#writing ??= this.#writeAll();
  }

  /** Waits until none is under way. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  #seen({ createdAt }: Pick<SessionRecord, "createdAt">, now: number): Use["seen"] {
    return { lastSeenAt: now, expiresAt: deadline(this.#house.policy, createdAt, now) };
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch();
    this.#writing = undefined;
  }

  /** On the condition that they are alive at this moment, however long ago they were used. */
  async #writeBatch(): Promise<void> {
    const { store, now } = this.#house;
    const batch = this.#waiting.splice(0, mostAtOnce);
    const writes = await Promise.allSettled(batch.map(({ id, seen }) => store.update(id, { seen }, now())));
    const failed = writes.find((write) => write.status === "rejected");
    if (failed && !this.#isFailing) this.#report(failed.reason);
    this.#isFailing = failed !== undefined;
  }

  /** Once until it works again. */
  #report(cause: unknown): void {
    try {
      this.#house.warn("A session's last use could not be noted", cause);
    } catch {
      // Whoever cannot even be told must not keep the next ones from being noted.
    }
  }
}
