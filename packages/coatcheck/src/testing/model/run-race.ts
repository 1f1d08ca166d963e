/** Runs a race on a real manager and asks afterwards what must hold whoever came first. */
import assert from "node:assert/strict";
import type * as FastCheck from "fast-check";
import { SignInRefusedError } from "../../core/errors.ts";
import type { SessionEvent } from "../../core/events.ts";
import { SessionManager } from "../../core/manager.ts";
import type { Session } from "../../core/session.ts";
import type { SessionStore } from "../../core/store.ts";
import type { SessionToken } from "../../core/token.ts";
import { type ManualClock, manualClock } from "../clock.ts";
import { empty } from "./empty.ts";
import { clients } from "./history.ts";
import type { Deed, Race, Standing } from "./race.ts";
import { heldUp, type Turn } from "./traffic.ts";
import { isEnd, Witness } from "./witness.ts";

const userId = "ada";
const client = clients[0]!.info;

/** What came of a deed, as far as the promises speak of it. */
interface Outcome {
  /** Whether a token that should have been good was. */
  readonly opened?: boolean;
  /** Whether data was written. */
  readonly written?: boolean;
  /** How many sessions it says it ended. */
  readonly ended?: number;
  /** A session that began with this password. */
  readonly begun?: { readonly session: Session; readonly password: number };
}

/**
 * Runs the race on nodes that have a connection to the same backend each; throws if a promise was broken. Leaves
 * nothing behind.
 */
export async function runRace(
  race: Race,
  connections: readonly SessionStore[],
  scheduler: FastCheck.Scheduler,
): Promise<void> {
  const track = new Track(race, connections, scheduler);
  try {
    await track.prepare(race.standing);
    const outcomes = await track.run(race.deeds);
    await track.judge(race, outcomes);
  } finally {
    // A store may leave a row that is being written to the next prune, and a use is noted after its answer.
    await track.close();
    await empty(connections[0]!, track.clock.now());
  }
}

class Track {
  readonly clock: ManualClock = manualClock();
  readonly #nodes: readonly SessionManager[];
  readonly #scheduler: FastCheck.Scheduler;
  readonly #witness: Witness;
  readonly #race: Race;
  readonly #events: SessionEvent[] = [];
  readonly #turn: Turn;
  #racing = false;
  #session!: Session;
  /** What the browser has. */
  #held!: SessionToken;
  /** What it had before. */
  #former!: SessionToken;
  /** Every token of the session that was handed out. */
  readonly #tokens: SessionToken[] = [];
  #password = 0;

  constructor(race: Race, connections: readonly SessionStore[], scheduler: FastCheck.Scheduler) {
    const { policy } = race;
    const { now } = this.clock;
    this.#race = race;
    this.#scheduler = scheduler;
    this.#turn = async (what) => {
      if (this.#racing) await scheduler.schedule(Promise.resolve(), what);
    };
    const options = {
      policy,
      now,
      onEvent: (event: SessionEvent) => void this.#events.push(event),
      warn: (message: string, cause?: unknown) => assert.fail(`Warned: ${message}: ${cause}`),
    };
    this.#nodes = connections.map(
      (store) => new SessionManager({ ...options, store: heldUp(store, this.#turn) }),
    );
    this.#witness = new Witness(policy, now);
  }

  async prepare(standing: Standing): Promise<void> {
    const { session, token } = await this.#anyNode.create(userId, { client });
    this.#session = session;
    this.#held = token;
    this.#former = token;
    this.#tokens.push(token);
    if (standing === "fresh") return;
    this.clock.advance(this.#race.policy.renewAfter);
    if (standing === "due") return;
    const successor = await this.#anyNode.renew(token, client);
    this.#note(token, successor);
    if (standing === "renewing") return;
    this.#held = successor!;
    await this.#open(this.#anyNode, this.#held);
    if (standing === "stolen") this.clock.advance(this.#race.policy.grace);
  }

  /** Everybody starts at once; the scheduler says whose question or answer is next. */
  async run(deeds: readonly Deed[]): Promise<Outcome[]> {
    this.#racing = true;
    const all = Promise.allSettled(deeds.map((deed, lane) => this.#do(deed, lane)));
    const settled = await this.#scheduler.waitFor(all.then((outcomes) => this.#afterwards(outcomes)));
    this.#racing = false;
    return settled.map((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
  }

  async judge({ standing, deeds, policy }: Race, outcomes: readonly Outcome[]): Promise<void> {
    for (const event of this.#events) this.#witness.sees(event);
    const list = await this.#anyNode.list(userId);
    assert.ok(list.length <= policy.maxSessions, "I2: there are more sessions than the limit allows");
    assert.equal(
      list.length,
      this.#told("created") - this.#ends(),
      "I7: an end was not told, or one that was none",
    );
    this.#judgeSuccessors();
    this.#judgeSignIns(outcomes, list);
    this.#judgeCounts(outcomes);
    const mustEnd = deeds.some((deed, lane) => endsSession(deed, outcomes[lane]!, standing));
    const alive = list.some(({ id }) => id === this.#session.id);
    assert.ok(!(mustEnd && alive), "P1: the session was ended, and lives");
    await (alive ? this.#judgeAlive(deeds, outcomes) : this.#judgeEnded());
  }

  /** Waits for what is still being written. */
  async close(): Promise<void> {
    for (const node of this.#nodes) await node.close();
  }

  get #anyNode(): SessionManager {
    return this.#nodes[0]!;
  }

  async #afterwards<T>(outcomes: T): Promise<T> {
    await this.close();
    return outcomes;
  }

  async #do(deed: Deed, lane: number): Promise<Outcome> {
    const node = this.#nodes[lane % this.#nodes.length]!;
    const { id } = this.#session;
    switch (deed.do) {
      case "use": {
        const token = deed.token === "held" ? this.#held : this.#former;
        return { opened: await this.#open(node, token, deed.canRenew) };
      }
      case "renew":
        this.#note(this.#held, await node.renew(this.#held, client));
        return {};
      case "reauthenticate": {
        const again = await node.reauthenticate(this.#held, { client });
        if (again) this.#tokens.push(again.token);
        return { opened: again !== undefined };
      }
      case "touch":
        return { written: await node.touch(this.#session) };
      case "write":
        return { written: await node.update(id, { [`by ${lane}`]: lane }) };
      case "count":
        return {
          written: await node.update(id, ({ count }) => ({ count: Number(count ?? 0) + 1 })),
        };
      case "revoke":
        return this.#revoke(node);
      case "revoke all": {
        const except = deed.sparing ? id : undefined;
        return { ended: await node.revokeAll(userId, { except }) };
      }
      case "sign in":
        return this.#signIn(node, deed.over);
      case "change password":
        await this.#turn("new password");
        this.#password += 1;
        return { ended: await node.revokeAll(userId) };
      case "prune":
        await node.prune();
        return {};
    }
  }

  /** One request. */
  async #open(node: SessionManager, token: SessionToken, canRenew = false): Promise<boolean> {
    const validation = await node.validate(token, { client, canRenew });
    if (validation.ok) this.#note(token, validation.successor);
    return validation.ok;
  }

  #note(token: SessionToken, successor: SessionToken | undefined): void {
    if (!successor) return;
    this.#witness.seesSuccessor(token.reveal(), successor.reveal());
    if (!this.#tokens.some((each) => each.reveal() === successor.reveal())) this.#tokens.push(successor);
  }

  /** P1: from the answer on, nothing that begins brings it back. */
  async #revoke(node: SessionManager): Promise<Outcome> {
    const ended = await node.revoke(this.#session.id);
    assert.equal(await this.#open(node, this.#held, true), false, "P1: opened after it was ended");
    assert.equal(await node.touch(this.#session), false, "P1: touched after it was ended");
    assert.equal(
      await node.update(this.#session.id, { late: true }),
      false,
      "P1: written after it was ended",
    );
    return { ended: ended ? 1 : 0 };
  }

  /** P2: the password was right when the sign-in began. */
  async #signIn(node: SessionManager, over: boolean): Promise<Outcome> {
    const password = this.#password;
    const stillValid = async () => {
      await this.#turn("password");
      return this.#password === password;
    };
    const replacing = over ? this.#session : undefined;
    try {
      const { session } = await node.create(userId, { client, replacing, stillValid });
      return { begun: { session, password } };
    } catch (error) {
      if (error instanceof SignInRefusedError) return {};
      throw error;
    }
  }

  /** I4: each renewal has one successor, whoever asked for it. */
  #judgeSuccessors(): void {
    const made = this.#told("renewed") + this.#told("reauthenticated");
    assert.equal(this.#tokens.length - 1, made, "I4: there are more tokens than renewals");
  }

  #judgeSignIns(outcomes: readonly Outcome[], list: readonly Session[]): void {
    for (const { begun } of outcomes) {
      if (!begun || begun.password === this.#password) continue;
      const alive = list.some(({ id }) => id === begun.session.id);
      assert.ok(!alive, "P2: a sign-in with the old password outlived the change");
    }
    if (this.#password > 0) {
      const old = list.filter(({ id }) => !outcomes.some(({ begun }) => begun?.session.id === id));
      assert.deepEqual(old, [], "P2: a session that no sign-in answered with outlived the change");
    }
  }

  #judgeCounts(outcomes: readonly Outcome[]): void {
    const counted = outcomes.reduce((sum, { ended = 0 }) => sum + ended, 0);
    const told = this.#events.filter((event) => event.type === "revoked" && event.reason === "revoked");
    assert.equal(counted, told.length, "I7: two callers ended the same session, or nobody did");
  }

  /** P4 and P5: nobody was turned away, every token that was handed out opens it, and no write was lost. */
  async #judgeAlive(deeds: readonly Deed[], outcomes: readonly Outcome[]): Promise<void> {
    for (const { opened = true, written = true } of outcomes) {
      assert.ok(opened, "P4: a good token was turned away");
      assert.ok(written, "A write to a living session was refused");
    }
    const data: Record<string, unknown> = {};
    for (const [lane, deed] of deeds.entries()) {
      if (deed.do === "write") data[`by ${lane}`] = lane;
      if (deed.do === "count") data.count = Number(data.count ?? 0) + 1;
    }
    const session = (await this.#anyNode.list(userId)).find(({ id }) => id === this.#session.id);
    assert.deepEqual({ ...session?.data }, data, "P5: an update was lost");
    const held = this.#race.standing === "stolen" ? this.#tokens.slice(1) : this.#tokens;
    for (const token of held) {
      assert.ok(await this.#open(this.#anyNode, token), "P4: a token that was handed out opens nothing");
    }
  }

  /** P1: nothing opens it, and its tokens are told that it ended. */
  async #judgeEnded(): Promise<void> {
    for (const token of this.#tokens) {
      const validation = await this.#anyNode.validate(token, { client });
      assert.equal(
        validation.ok || validation.rejection.reason,
        "ended",
        "P1: an ended session is not told as such",
      );
    }
    assert.equal(await this.#anyNode.touch(this.#session), false);
  }

  #told(type: SessionEvent["type"]): number {
    return this.#events.filter((event) => event.type === type).length;
  }

  #ends(): number {
    return this.#events.filter(isEnd).length;
  }
}

/** Whether the session is over after this deed, whatever else happens. */
function endsSession(deed: Deed, outcome: Outcome, standing: Standing): boolean {
  if (deed.do === "sign in") return deed.over && outcome.begun !== undefined;
  if (deed.do === "revoke all") return !deed.sparing;
  if (deed.do === "use") return deed.token === "former" && standing === "stolen";
  return deed.do === "revoke" || deed.do === "change password";
}
