/** The sessions of an application, for any store and any framework: the verbs, each told in the parts it is made of. */
import { signIn } from "./beginnings.ts";
import type { DataOptions } from "./data.ts";
import { leaveFlash, takeFlash, updateData } from "./data-writes.ts";
import { type Devices, devicesOf } from "./devices.ts";
import { belongsTo, revoke, revokeAll } from "./ends.ts";
import type { SessionObserver, Warn } from "./events.ts";
import { examine, isAccepted, isLocked, plainSession, recentSession, settle } from "./examination.ts";
import type { ClientInfo } from "./fingerprint.ts";
import { assertFlash } from "./flash.ts";
import { House } from "./house.ts";
import { type Refused, type Rejection, rejectionOf } from "./judge.ts";
import { liveRecord } from "./live-session.ts";
import type { PolicyOptions, SessionPolicy } from "./policy.ts";
import { prune } from "./pruning.ts";
import { reauthenticate } from "./reauthentication.ts";
import { startRenewal, successorOf } from "./secret-changes.ts";
import type { Session } from "./session.ts";
import { assertRemembering, assertUserId, type CreatedSession, type SignInRequest } from "./sign-in.ts";
import {
  assertEndReason,
  type EndedSession,
  type EndReason,
  type SessionRecord,
  type SessionStore,
} from "./store.ts";
import type { Readiness } from "./store-clock.ts";
import type { ThrottleStore } from "./throttle-store.ts";
import { type SessionId, SessionToken } from "./token.ts";
import type { RefusedToken, TokenRequest, Validation } from "./validation.ts";

/** How a manager is made. Only the store is needed. */
export interface SessionManagerOptions<D> {
  readonly store: SessionStore;
  readonly policy?: PolicyOptions;
  /** Types the session data. Without it, data is any JSON object. */
  readonly data?: DataOptions<D>;
  /** Sees every event. More observers can be added by `observe`. */
  readonly onEvent?: SessionObserver;
  /** Reports what nobody waits for: failed observers, failed touches, cookies that browsers will drop. Default `console.warn`. */
  readonly warn?: Warn;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** What lies behind a manager: for features, which are no strangers. */
export let houseOf: <D>(sessions: SessionManager<D>) => House<D>;

/** Creates, validates and ends sessions, in any store, for any framework. */
export class SessionManager<D = Record<string, unknown>> {
  readonly policy: SessionPolicy;
  /** The clock that this manager judges by. */
  readonly now: () => number;
  /** Reports what nobody waits for. */
  readonly warn: Warn;
  /** Where attempts are counted; undefined if the store counts none. */
  readonly attempts: ThrottleStore | undefined;
  readonly #house: House<D>;

  static {
    houseOf = (sessions) => sessions.#house;
  }

  /** @throws TypeError if an option makes no sense. */
  constructor(options: SessionManagerOptions<D>) {
    const house = new House(options);
    this.policy = house.policy;
    this.now = house.now;
    this.warn = house.warn;
    this.attempts = house.attempts;
    this.#house = house;
  }

  /** Adds an observer; returns how to remove it. */
  observe(observer: SessionObserver): () => void {
    return this.#house.observers.add(observer);
  }

  /**
   * Starts a session for a user who has just proved who they are. Always a new one: there is nothing to fixate.
   * `replacing` is the session that the browser presented; it ends in the same step.
   *
   * @throws SignInRefusedError at the session limit under `refuse`, or if `stillValid` says no.
   * @throws InvalidDataError if the data does not fit the schema.
   * @throws TypeError if the user id is empty, longer than 256 characters or no well-formed Unicode, or if the browser
   * is to be remembered and cannot be.
   */
  async create(userId: string, options: SignInRequest<D> = {}): Promise<CreatedSession<D>> {
    assertUserId(userId);
    if (options.remember) assertRemembering(this.#house.remembered, this.policy);
    return signIn(this.#house, userId, options);
  }

  /**
   * Says whose session a token opens, and notes its use unless `touch` is false. Never throws on any input.
   * @throws StoreUnavailableError if the store failed: nothing is known then, and nobody is signed out.
   */
  validate(presented: SessionToken | string | undefined, request: TokenRequest = {}): Promise<Validation<D>> {
    // Not `async`: with all that such a function keeps, a request that waits for its session would take half as much again.
    try {
      if (presented === undefined) return Promise.resolve({ ok: false, rejection: { reason: "absent" } });
      const token = presented instanceof SessionToken ? presented : SessionToken.parse(presented);
      if (!token) return Promise.resolve(this.#reject({ reason: "malformed" }, undefined, request));
      const recent = request.strict ? undefined : recentSession(this.#house, token, request);
      if (recent) return Promise.resolve(recent);
      return this.#house.store.find(token.id).then((found) => this.#validationOf(found, token, request));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Moves the idle deadline of a session that was used just now; false if it is gone. Never revives it.
   * @throws StoreUnavailableError if the store failed, or while its clock and this node's differ by more than 5 seconds.
   */
  touch(session: Pick<Session<D>, "id" | "createdAt">): Promise<boolean> {
    return this.#house.touches.touch(session);
  }

  /**
   * Replaces the secret now, whatever its age. Gives the token to send to the client; undefined if the presented one
   * opens nothing or is being replaced already. Both the old and the new one work until the new one is first seen.
   * Without a client the fingerprint is not judged.
   */
  async renew(token: SessionToken, client?: ClientInfo): Promise<SessionToken | undefined> {
    const verdict = await examine(this.#house, token, client ? { client } : {});
    if (verdict.kind === "resend") return token.successor(verdict.pending.salt);
    if (verdict.kind !== "current") return undefined;
    return startRenewal(this.#house, verdict.record, token, client ?? {});
  }

  /**
   * Notes that the user of this session has proved again who they are, and replaces the secret by an unrelated one,
   * so that nobody who copied the old one comes along. Undefined if the token opens nothing. Without a client the
   * fingerprint is not judged, and the session stays bound to the client that it belongs to.
   * @throws StoreUnavailableError if the store failed, or while its clock and this node's differ by more than 5 seconds.
   */
  async reauthenticate(
    token: SessionToken,
    options: { readonly amr?: readonly string[]; readonly client?: ClientInfo } = {},
  ): Promise<CreatedSession<D> | undefined> {
    const { amr = ["pwd"], client } = options;
    return reauthenticate(this.#house, token, amr, client);
  }

  /**
   * Ends a session for good, and forgets the browser if it was remembered; false if there is neither, or neither of
   * `userId`'s. A browser that is only remembered goes by the id of the session that it had last.
   * @param options.userId end it only if it is this user's: for ids that come from outside.
   * @param options.reason told to the ended device. Default `revoked`.
   */
  async revoke(
    id: SessionId,
    options: { readonly userId?: string; readonly reason?: EndReason } = {},
  ): Promise<boolean> {
    const { reason = "revoked" } = options;
    assertEndReason(reason);
    // Asked for by name: `userId: session?.userId` without a session must not end everybody's.
    if ("userId" in options && !(await belongsTo(this.#house, id, options.userId))) return false;
    return revoke(this.#house, id, reason);
  }

  /**
   * Ends all sessions of a user but `except`, in one step, and forgets all browsers but that of `except`. Returns how
   * many sessions and only remembered browsers it ended. Default reason `revoked`.
   * @throws TypeError for what `create` takes for no user id.
   */
  async revokeAll(
    userId: string,
    options: { readonly except?: SessionId | undefined; readonly reason?: EndReason } = {},
  ): Promise<number> {
    assertUserId(userId);
    const { except, reason = "revoked" } = options;
    assertEndReason(reason);
    return revokeAll(this.#house, userId, reason, except);
  }

  /** The live session of this id, whoever's it is; undefined if there is none. It is not used by this. */
  async find(id: SessionId): Promise<Session<D> | undefined> {
    const record = await liveRecord(this.#house, id);
    return record && this.#house.session(record);
  }

  /**
   * The live sessions of a user, the last used first.
   * @throws TypeError for what `create` takes for no user id.
   */
  async list(userId: string): Promise<Session<D>[]> {
    return (await this.devices(userId)).sessions;
  }

  /**
   * Where a user is signed in, and which other browsers may come back without signing in; the last used first.
   * @throws TypeError for what `create` takes for no user id.
   */
  async devices(userId: string): Promise<Devices<D>> {
    assertUserId(userId);
    return devicesOf(this.#house, userId);
  }

  /**
   * Changes the data of a session, key by key: keys that are not named stay, also those that others write meanwhile;
   * `undefined` removes a key. A function is given the data as it is and called again if another writer was faster.
   * False if the session is gone.
   *
   * @throws InvalidDataError if the result does not fit the schema, or what is stored cannot be migrated.
   */
  async update(id: SessionId, patch: Partial<D> | ((data: D) => Partial<D>)): Promise<boolean> {
    return updateData(this.#house, id, patch);
  }

  /**
   * Leaves a one-time message, under a name where the last one counts. It is beside the session's data: neither these
   * nor their schema know of it. False if the session is gone.
   */
  async flash(id: SessionId, name: string, message: string): Promise<boolean> {
    assertFlash(name, message);
    return leaveFlash(this.#house, id, name, message);
  }

  /** Takes a one-time message: of many who ask at once, exactly one gets it. */
  async pop(id: SessionId, name: string): Promise<string | undefined> {
    assertFlash(name);
    return takeFlash(this.#house, id, name);
  }

  /**
   * Removes what has expired, in bounded steps that leave the event loop free, and returns how many sessions and
   * remembered browsers it removed. Safe on many nodes at once. What expired is dead with or without it: it is
   * housekeeping. Counters of failed attempts that are to be forgotten are removed too.
   */
  prune(): Promise<number> {
    return prune(this.#house);
  }

  /**
   * Asks the store whether it answers, and compares its clock with this node's. While they differ by more than
   * 5 seconds this node neither touches nor renews nor prunes, and ends nothing for theft, so that it cannot end or
   * prolong what others judge rightly. Once its clock has jumped it does so before it is asked.
   */
  ready(): Promise<Readiness> {
    return this.#house.storeClock.compare();
  }

  /** Waits for writes that nobody waited for, and watches no session any more. Call it before the store is closed. */
  async close(): Promise<void> {
    await this.#house.watched.close();
    await this.#house.touches.settle();
  }

  #validationOf(
    found: SessionRecord | EndedSession | undefined,
    token: SessionToken,
    request: TokenRequest,
  ): Validation<D> | Promise<Validation<D>> {
    const session = plainSession(this.#house, token, request, found);
    if (!session) return this.#settled(found, token, request);
    return { ok: true, session, token, successor: undefined, superseded: false };
  }

  async #settled(
    found: SessionRecord | EndedSession | undefined,
    token: SessionToken,
    request: TokenRequest,
  ): Promise<Validation<D>> {
    const verdict = await settle(this.#house, token, request, found);
    if (!isAccepted(verdict)) return this.#refuse(verdict, token, request);
    const { record } = verdict;
    if (request.touch !== false) this.#house.touches.touchIfDue(record, this.now());
    return {
      ok: true,
      session: this.#house.session(record),
      token,
      successor: await successorOf(this.#house, verdict, token, request),
      superseded: verdict.kind === "grace",
    };
  }

  #refuse(verdict: Refused, token: SessionToken, request: TokenRequest): RefusedToken<D> {
    const refused = this.#reject(rejectionOf(verdict), token.id, request);
    if (verdict.kind !== "foreign" || verdict.reaction === "revoke") return refused;
    const session = this.#house.session(verdict.record);
    return isLocked(verdict)
      ? { ...refused, locked: { session, token } }
      : { ...refused, turnedAway: session };
  }

  #reject(
    rejection: Rejection,
    sessionId: SessionId | undefined,
    { client = {} }: TokenRequest,
  ): RefusedToken<D> {
    this.#house.observers.tell({ type: "rejected", reason: rejection.reason, sessionId, client });
    return { ok: false, rejection };
  }
}
