/** People who sign in, change something and sign out, while their store fails: what they were answered must hold. */
import assert from "node:assert/strict";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import type { SessionManager } from "../../src/core/manager.ts";
import type { SessionToken } from "../../src/core/token.ts";

interface Guest {
  readonly token: SessionToken;
  /** What the session has under `count`, as far as it was answered. */
  count: number;
  /** Something was not answered: it may have been done, or not. */
  isUnsure: boolean;
}

const people = 4;
/** So many deeds are a crowd at work. */
const enough = 25;

export class Crowd {
  readonly #sessions: SessionManager;
  readonly #staying: Guest[] = [];
  readonly #gone: SessionToken[] = [];
  #answers = 0;
  #outages = 0;
  #hasStopped = false;
  #atWork: Promise<void> = Promise.resolve();

  constructor(sessions: SessionManager) {
    this.#sessions = sessions;
  }

  /** Begins to work, until `stop`. */
  start(): void {
    const work = Array.from({ length: people }, (_, at) => this.#work(at));
    this.#atWork = Promise.all(work).then(() => {});
    // Told to whoever stops it.
    this.#atWork.catch(() => {});
  }

  /** Resolves when a good number of deeds was answered from now on. */
  async busy(): Promise<void> {
    const wanted = this.#answers + enough;
    await this.#until(() => this.#answers >= wanted);
  }

  /** Resolves when somebody was told of an outage from now on. */
  async refused(): Promise<void> {
    const before = this.#outages;
    await this.#until(() => this.#outages > before);
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#atWork;
  }

  /** Whoever was let in is in, with what they have written; whoever went is out. */
  async assertHolds(): Promise<void> {
    const sure = this.#staying.filter(({ isUnsure }) => !isUnsure);
    assert.ok(sure.length > 0 && this.#gone.length > 0, "Nobody was there");
    for (const { token, count } of sure) {
      const found = await this.#sessions.validate(token);
      assert.ok(found.ok, "A sign-in that was answered was lost");
      assert.equal(found.session.data.count ?? 0, count, "A change that was answered was lost");
    }
    for (const token of this.#gone) await this.#assertOut(token);
  }

  async #work(at: number): Promise<void> {
    for (let round = at; !this.#hasStopped; round++) {
      try {
        await this.#deed(round);
        this.#answers++;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        this.#outages++;
      }
    }
  }

  async #deed(round: number): Promise<void> {
    const guest = this.#staying[(round * 7) % Math.max(1, this.#staying.length)];
    const gone = this.#gone.at((round * 7) % Math.max(1, this.#gone.length));
    if (gone) await this.#assertOut(gone);
    if (!guest || round % 3 === 0) return this.#signIn();
    if (guest.isUnsure) return;
    guest.isUnsure = true;
    if (round % 3 === 1) await this.#change(guest);
    else await this.#signOut(guest);
  }

  async #signIn(): Promise<void> {
    const { token } = await this.#sessions.create(`user ${this.#staying.length % 5}`);
    this.#staying.push({ token, count: 0, isUnsure: false });
  }

  async #change(guest: Guest): Promise<void> {
    assert.ok(await this.#sessions.update(guest.token.id, { count: guest.count + 1 }));
    guest.count++;
    guest.isUnsure = false;
  }

  async #signOut({ token }: Guest): Promise<void> {
    assert.ok(await this.#sessions.revoke(token.id));
    this.#gone.push(token);
  }

  async #assertOut(token: SessionToken): Promise<void> {
    const { ok } = await this.#sessions.validate(token);
    assert.equal(ok, false, "A session that was ended lives");
  }

  /** Looks after each turn of those at work; ends with them if they fail. */
  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const isOver = await Promise.race([this.#atWork.then(() => true), turn()]);
      assert.ok(!isOver, "Nobody is at work");
    }
  }
}

function turn(): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, 10, false));
}
