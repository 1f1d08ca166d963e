/** Noting that sessions are used. */
import type { House } from "./house.ts";
import { deadline } from "./policy.ts";
import type { SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

export class Touches {
  readonly #house: House;
  readonly #underway = new Map<SessionId, Promise<unknown>>();

  constructor(house: House) {
    this.#house = house;
  }

  /** Moves the idle deadline of a session that was used just now; false if it is gone. */
  async touch({ id, createdAt }: Pick<SessionRecord, "id" | "createdAt">): Promise<boolean> {
    const { policy, store } = this.#house;
    const now = this.#house.now();
    const seen = { lastSeenAt: now, expiresAt: deadline(policy, createdAt, now) };
    return store.update(id, { seen }, now);
  }

  /** The request does not wait for it. One at a time: parallel requests of a session note the same use. */
  touchIfDue(record: SessionRecord): void {
    const { policy, storeClock, warn } = this.#house;
    if (this.#house.now() - record.lastSeenAt < policy.touchInterval) return;
    if (!storeClock.agrees || this.#underway.has(record.id)) return;
    const touch = this.touch(record)
      .catch((cause) => warn("A session's last use could not be noted", cause))
      .finally(() => this.#underway.delete(record.id));
    this.#underway.set(record.id, touch);
  }

  /** Waits for those that are under way. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underway.values());
  }
}
