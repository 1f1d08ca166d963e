/**
 * Keeps the projection of sessions that live where they cannot be searched. What happens on this node is noted some
 * seconds later, as the store then has it: so it does not matter in which order many nodes note. What was missed, by a
 * node that stopped in between, is found by walking through the users.
 */
import { randomInt } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import {
  isEnded,
  type ListedSession,
  type ProjectedDirectory,
  type SessionDirectory,
  type SessionId,
  type SessionRecord,
  type SessionStore,
  type Warn,
} from "coatcheck";
import type { Accounts } from "../accounts/accounts.ts";
import { VerifiedDirectory } from "./verified-directory.ts";

export interface ProjectionFeedOptions {
  /** Where the sessions are. */
  readonly store: Pick<SessionStore, "find" | "findByUser">;
  readonly projection: ProjectedDirectory;
  readonly accounts: Pick<Accounts, "all">;
  readonly now: () => number;
  readonly warn: Warn;
}

/** How often what has happened is noted, in milliseconds. */
const flushEvery = 5_000;

/** How often everybody is looked at, in milliseconds, give or take a fifth: so that nodes do not look in step. */
const healEvery = 10 * 60_000;

const batch = 200;

/** More than these are not kept for an outage: everybody is looked at after it. */
const mostWaiting = 200_000;

/** So often a session that cannot be read, while others can, is tried again. */
const mostTries = 3;

export class ProjectionFeed {
  /** What administrators search. */
  readonly directory: SessionDirectory;
  readonly #options: ProjectionFeedOptions;
  readonly #waiting = new Set<SessionId>();
  /** How often those that wait could not be read. */
  readonly #tries = new Map<SessionId, number>();
  #working: Promise<void> = Promise.resolve();
  #isFailing = false;
  #hasSkipped = false;
  #hasMissed = true;
  #isStopped = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: ProjectionFeedOptions) {
    this.#options = options;
    const { projection, store } = options;
    this.directory = new VerifiedDirectory(projection, store, (id) => this.notice(id));
  }

  /** Something happened to this session. */
  notice(id: SessionId): void {
    if (this.#waiting.size < mostWaiting) this.#waiting.add(id);
    else this.#hasMissed = true;
  }

  /** From now on all is done by itself; at first everybody is looked at. Does not keep the process alive. */
  start(): void {
    const miss = () => {
      this.#hasMissed = true;
    };
    const everybody = healEvery + randomInt(-healEvery / 5, healEvery / 5);
    this.#timers = [setInterval(() => void this.flush(), flushEvery), setInterval(miss, everybody)];
    for (const timer of this.#timers) timer.unref();
    void this.flush();
  }

  /** Notes what has happened by now. Resolves also if that fails: it is tried again. */
  flush(): Promise<void> {
    this.#working = this.#working.then(() => this.#work());
    return this.#working;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timers.forEach(clearInterval);
    await this.flush();
  }

  async #work(): Promise<void> {
    try {
      await this.#noteWaiting();
      if (this.#hasMissed && !this.#isStopped) await this.#lookAtEverybody();
      this.#isFailing = false;
    } catch (cause) {
      if (!this.#isFailing)
        this.#options.warn("The directory of sessions cannot be kept up to date for the moment", cause);
      this.#isFailing = true;
    }
  }

  async #noteWaiting(): Promise<void> {
    const unread: SessionId[] = [];
    while (this.#waiting.size > 0) {
      const ids = Array.from(this.#waiting).slice(0, batch);
      // What happens to them from now on is not seen below.
      for (const id of ids) this.#waiting.delete(id);
      try {
        unread.push(...(await this.#noteAsTheyAre(ids)));
      } catch (error) {
        for (const id of [...unread, ...ids]) this.notice(id);
        throw error;
      }
      await setImmediate();
    }
    for (const id of unread) this.#tryAgain(id);
  }

  /** Later: in between, others are looked at. */
  #tryAgain(id: SessionId): void {
    const tries = (this.#tries.get(id) ?? 0) + 1;
    if (tries < mostTries) {
      this.#tries.set(id, tries);
      this.notice(id);
    } else {
      this.#tries.delete(id);
      // If it was an outage after all, it is found there.
      this.#hasMissed = true;
    }
  }

  /** @returns those that could not be read. */
  async #noteAsTheyAre(ids: readonly SessionId[]): Promise<readonly SessionId[]> {
    const { store, projection } = this.#options;
    const settled = await Promise.allSettled(ids.map((id) => store.find(id)));
    const unread = new Set(ids.filter((_, place) => settled[place]?.status === "rejected"));
    const found = this.#readable(settled);
    const living = found.flatMap((each) => (each && !isEnded(each) ? [listed(each)] : []));
    const known = new Set(living.map(({ id }) => id));
    await projection.note(living);
    await projection.forget(ids.filter((id) => !known.has(id) && !unread.has(id)));
    for (const id of ids) if (!unread.has(id)) this.#tries.delete(id);
    return Array.from(unread);
  }

  /** Of what was asked for, what could be read. Where nothing could, of more than one, it is an outage, and thrown. */
  #readable<T>(settled: readonly PromiseSettledResult<T>[]): readonly T[] {
    const read = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const failure = settled.find((each) => each.status === "rejected");
    if (!failure) return read;
    if (read.length === 0 && settled.length > 1) throw failure.reason;
    if (!this.#hasSkipped)
      this.#options.warn(
        "The directory of sessions goes on without some that cannot be read",
        failure.reason,
      );
    this.#hasSkipped = true;
    return read;
  }

  /** First whoever is missing, then who should not be there any more. */
  async #lookAtEverybody(): Promise<void> {
    this.#hasMissed = false;
    try {
      await this.#noteEverybody();
      await this.#dropTheDead();
    } catch (error) {
      this.#hasMissed = true;
      throw error;
    }
  }

  async #noteEverybody(): Promise<void> {
    const { accounts, store, projection } = this.#options;
    let users: string[] = [];
    const note = async () => {
      const records = this.#readable(await Promise.allSettled(users.map((id) => store.findByUser(id))));
      users = [];
      await projection.note(records.flat().map(listed));
      await this.#noteWaiting();
      await setImmediate();
    };
    for await (const { id } of accounts.all()) {
      if (this.#isStopped) return;
      users.push(id);
      if (users.length === batch) await note();
    }
    await note();
  }

  async #dropTheDead(): Promise<void> {
    const { projection, now } = this.#options;
    let from: string | undefined;
    do from = (await projection.deleteExpired(now(), batch, from)).next;
    while (from !== undefined && !this.#isStopped);
    let after: string | undefined;
    do {
      const query = { sort: "signed-in", limit: batch, ...(after !== undefined && { after }) } as const;
      after = (await this.directory.query(query, now())).next;
      await this.#noteWaiting();
    } while (after !== undefined && !this.#isStopped);
  }
}

function listed(record: SessionRecord): ListedSession {
  const { id, userId, client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt } = record;
  return { id, userId, client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt };
}
