/** The one place that acts: it asks the store, lets the pure rules decide, writes and tells. */
import { ask } from "./ask.ts";
import { attemptsIn } from "./attempts.ts";
import { type DataOptions, SessionData } from "./data.ts";
import { DataConflictError, SignInRefusedError, StoreUnavailableError } from "./errors.ts";
import { type SessionEvent, SessionEvents, type SessionObserver, type Warn } from "./events.ts";
import { type ClientInfo, fingerprint } from "./fingerprint.ts";
import { boundClient, comparedSignals, type FingerprintReaction } from "./fingerprint-policy.ts";
import { assertFlash, flashChange, flashIn } from "./flash.ts";
import { type Accepted, judge, type Refused, type Rejection, rejectionOf, type Verdict } from "./judge.ts";
import {
  deadline,
  definePolicy,
  expiry,
  maximumFor,
  type PolicyOptions,
  type SessionPolicy,
} from "./policy.ts";
import type { RememberRecord, RememberStore } from "./remember-store.ts";
import {
  completeReturn,
  type DormantBrowser,
  dormantBrowser,
  newRemembered,
  type RememberTicket,
  rememberedBy,
} from "./remembered.ts";
import { beginRenewal, completeRenewal, mayBeginRenewal, replaceSecret } from "./renewal.ts";
import { Session } from "./session.ts";
import {
  assertRemembering,
  assertUserId,
  type CreatedSession,
  isUnseen,
  newRecord,
  type SignInRequest,
  unseen,
} from "./sign-in.ts";
import {
  assertEndReason,
  type Ended,
  type EndReason,
  type InsertResult,
  isEnded,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
} from "./store.ts";
import type { ThrottleStore } from "./throttle-store.ts";
import { type SessionId, SessionToken, sameHash } from "./token.ts";
import { ToldClients } from "./told-clients.ts";
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

/** Whether the node may serve, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly problem?: "store-unavailable" | "clock-skew";
  /** How far the store's clock is ahead of this node's, in milliseconds; undefined where it is the same clock. */
  readonly skew?: number;
}

/** Where a user is signed in, or may come back. */
export interface Devices<D = Record<string, unknown>> {
  /** The live sessions. */
  readonly sessions: Session<D>[];
  /** Browsers without a live session that may come back without signing in. */
  readonly dormant: DormantBrowser[];
}

/** Beyond this difference of the clocks, in milliseconds, a node neither touches nor prunes. */
const tolerableSkew = 5_000;
const pruneBatch = 200;
/** More lost races than this are a store that contradicts itself. */
const maximumAttempts = 10;
/** Data may have many writers at once; each round one of them wins. */
const maximumDataAttempts = 100;

/** Creates, validates and ends sessions, in any store, for any framework. */
export class SessionManager<D = Record<string, unknown>> {
  readonly policy: SessionPolicy;
  /** The clock that this manager judges by. */
  readonly now: () => number;
  /** Reports what nobody waits for. */
  readonly warn: Warn;
  /** For features: the remembered browsers; undefined if the store keeps none. */
  readonly remembered: RememberStore | undefined;
  /** For features: where attempts are counted; undefined if the store counts none. */
  readonly attempts: ThrottleStore | undefined;
  readonly #store: SessionStore;
  readonly #data: SessionData<D>;
  readonly #events: SessionEvents;
  readonly #touches = new Map<SessionId, Promise<unknown>>();
  readonly #toldClients = new ToldClients();
  readonly #readData = (record: SessionRecord): D => this.#dataOf(record);
  #clockTrusted = true;

  /** @throws TypeError if an option makes no sense. */
  constructor(options: SessionManagerOptions<D>) {
    if (typeof options?.store?.find !== "function") {
      throw new TypeError(
        "SessionManager needs a store: new SessionManager({ store: new MemorySessionStore() })",
      );
    }
    this.policy = definePolicy(options.policy);
    this.now = options.now ?? Date.now;
    this.warn =
      options.warn ?? ((message, cause) => console.warn(`coatcheck: ${message}`, ...(cause ? [cause] : [])));
    this.#store = options.store;
    this.remembered = rememberedBy(options.store);
    this.attempts = attemptsIn(options.store);
    this.#data = new SessionData(options.data);
    this.#events = new SessionEvents(this.warn);
    if (options.onEvent) this.observe(options.onEvent);
  }

  /** Adds an observer; returns how to remove it. */
  observe(observer: SessionObserver): () => void {
    return this.#events.subscribe(observer);
  }

  /** Tells the observers; for adapters and features that see more than the manager does. */
  tell(event: SessionEvent): void {
    this.#events.emit(event);
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
    const { client = {}, replacing, stillValid } = options;
    if (options.remember) assertRemembering(this.remembered, this.policy);
    if (replacing?.userId === userId) await this.#forgetWith(replacing.id, "replaced");
    const { record, token, remember } = await this.#insert(userId, options);
    this.#tell(record, { type: "created", client, amr: record.amr });
    if (replacing && replacing.userId !== userId) await this.revoke(replacing.id, { reason: "replaced" });
    if (stillValid) await this.#confirmSignIn(record.id, stillValid);
    return { session: this.#session(record), token, ...(remember && { remember }) };
  }

  /**
   * Says whose session a token opens, and notes its use. Never throws on any input.
   * @throws StoreUnavailableError if the store failed: nothing is known then, and nobody is signed out.
   */
  async validate(
    presented: SessionToken | string | undefined,
    request: TokenRequest = {},
  ): Promise<Validation<D>> {
    if (presented === undefined) return { ok: false, rejection: { reason: "absent" } };
    const token = presented instanceof SessionToken ? presented : SessionToken.parse(presented);
    if (!token) return this.#reject({ reason: "malformed" }, undefined, request);

    const recent = request.strict ? undefined : this.#recent(token, request);
    if (recent) {
      this.#touchIfDue(recent);
      const session = this.#session(recent);
      return { ok: true, session, token, successor: undefined, superseded: false, recent: true };
    }
    const verdict = await this.#examine(token, request);
    if (!isAccepted(verdict)) return this.#refuse(verdict, token, request);
    const { record } = verdict;
    this.#touchIfDue(record);
    return {
      ok: true,
      session: this.#session(record),
      token,
      successor: await this.#successor(verdict, token, request),
      superseded: verdict.kind === "grace",
    };
  }

  /** Moves the idle deadline of a session that was used just now; false if it is gone. Never revives it. */
  async touch(session: Pick<Session<D>, "id" | "createdAt">): Promise<boolean> {
    const now = this.now();
    const seen = { lastSeenAt: now, expiresAt: deadline(this.policy, session.createdAt, now) };
    return ask(this.#store, "update", () => this.#store.update(session.id, { seen }, now));
  }

  /**
   * Replaces the secret now, whatever its age. Gives the token to send to the client; undefined if the presented one
   * opens nothing or is being replaced already. Both the old and the new one work until the new one is first seen.
   * Without a client the fingerprint is not judged.
   */
  async renew(token: SessionToken, client?: ClientInfo): Promise<SessionToken | undefined> {
    const verdict = await this.#examine(token, client ? { client } : {});
    if (verdict.kind === "resend") return token.successor(verdict.pending.salt);
    return verdict.kind === "current" ? this.#startRenewal(verdict.record, token, client ?? {}) : undefined;
  }

  /**
   * Whether this successor is still the one to send: nobody signed out or proved again who they are since, and no
   * other request of the client has used it.
   */
  async isPending(successor: SessionToken): Promise<boolean> {
    const found = await ask(this.#store, "find", () => this.#store.find(successor.id));
    const pending = found && !isEnded(found) ? found.pending : undefined;
    return pending !== undefined && sameHash(pending.secretHash, successor.secretHash);
  }

  /**
   * Notes that the user of this session has proved again who they are, and replaces the secret by an unrelated one,
   * so that nobody who copied the old one comes along. Undefined if the token opens nothing. Without a client the
   * fingerprint is not judged, and the session stays bound to the client that it belongs to.
   */
  async reauthenticate(
    token: SessionToken,
    options: { readonly amr?: readonly string[]; readonly client?: ClientInfo } = {},
  ): Promise<CreatedSession<D> | undefined> {
    const { amr = ["pwd"], client } = options;
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const verdict = await this.#examine(token, client ? { client } : {});
      if (!isAccepted(verdict) && !isLocked(verdict)) return undefined;
      const { record } = verdict;
      const now = this.now();
      const fresh = token.refreshed();
      const authentication = {
        authenticatedAt: now,
        amr,
        ...(client ? boundClient(this.policy.fingerprint, fresh, client) : clientOf(record)),
      };
      const secret = replaceSecret(record, fresh.secretHash, this.policy.grace, now);
      if (await this.#change(record, { authentication, secret })) {
        this.#tell(record, { type: "reauthenticated", client: client ?? {}, amr });
        return { session: this.#session({ ...record, ...authentication }), token: fresh };
      }
    }
    throw new StoreUnavailableError(
      "update",
      new Error("The session kept changing during re-authentication"),
    );
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
    if ("userId" in options && !(await this.#belongsTo(id, options.userId))) return false;
    const forgotten = await this.#forgetWith(id, reason);
    const ended = await this.#end(id, reason);
    if (!ended && forgotten?.sessionId === id) this.#tellForgotten(forgotten, reason);
    return ended || forgotten !== undefined;
  }

  /**
   * For features: forgets a remembered browser and ends the session that it has; false if somebody else did.
   * @param except a session that stays.
   */
  async forget({ id }: Pick<RememberRecord, "id">, reason: EndReason, except?: SessionId): Promise<boolean> {
    const forgotten = await this.remembered?.delete(id);
    if (forgotten && forgotten.sessionId !== except) await this.#endForgotten(forgotten, reason);
    return forgotten !== undefined;
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
    const now = this.now();
    const forgotten = await this.#forgetAll(userId, except);
    const records = await ask(this.#store, "deleteByUser", () =>
      this.#store.deleteByUser(userId, reason, now, except),
    );
    const ended = records.filter((record) => this.#endedNow(record, reason, now));
    // A sign-in that overlaps may have had its browser remembered just before its session was ended.
    forgotten.push(...(await this.#forgetAll(userId, except)));
    const dormant = forgotten.filter(
      (browser) => now < browser.expiresAt && !ended.some(({ id }) => id === browser.sessionId),
    );
    for (const browser of dormant) this.#tellForgotten(browser, reason);
    return ended.length + dormant.length;
  }

  /** The live session of this id, whoever's it is; undefined if there is none. It is not used by this. */
  async find(id: SessionId): Promise<Session<D> | undefined> {
    const record = await this.#live(id);
    return record && this.#session(record);
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
    const remembered = (await this.remembered?.findByUser(userId)) ?? [];
    const records = await ask(this.#store, "findByUser", () => this.#store.findByUser(userId));
    const now = this.now();
    const browsers = remembered.filter((browser) => now < browser.expiresAt);
    const live = records.filter((record) => !expiry(this.policy, record, now));
    return {
      sessions: live
        .sort((a, b) => b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt)
        .map((record) =>
          this.#session(
            record,
            browsers.find(({ sessionId }) => sessionId === record.id),
          ),
        ),
      dormant: browsers
        .filter(({ sessionId }) => !live.some(({ id }) => id === sessionId))
        .sort((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt)
        .map(dormantBrowser),
    };
  }

  /**
   * Changes the data of a session, key by key: keys that are not named stay, also those that others write meanwhile;
   * `undefined` removes a key. A function is given the data as it is and called again if another writer was faster.
   * False if the session is gone.
   *
   * @throws InvalidDataError if the result does not fit the schema, or what is stored cannot be migrated.
   */
  async update(id: SessionId, patch: Partial<D> | ((data: D) => Partial<D>)): Promise<boolean> {
    const written = await this.#writeData(id, (record) => {
      const wanted = typeof patch === "function" ? patch(this.#dataOf(record)) : patch;
      const { change, whole } = this.#data.change(record, wanted);
      const update = { data: change, ...(whole && { dataVersion: this.#data.version }) };
      return { change: update, asRead: whole || typeof patch === "function" };
    });
    return written !== undefined;
  }

  /**
   * Leaves a one-time message, under a name where the last one counts. It is beside the session's data: neither these
   * nor their schema know of it. False if the session is gone.
   */
  async flash(id: SessionId, name: string, message: string): Promise<boolean> {
    assertFlash(name, message);
    const data = flashChange(name, message);
    return (await this.#writeData(id, () => ({ change: { data }, asRead: false }))) !== undefined;
  }

  /** Takes a one-time message: of many who ask at once, exactly one gets it. */
  async pop(id: SessionId, name: string): Promise<string | undefined> {
    assertFlash(name);
    const data = flashChange(name, undefined);
    const popped = await this.#writeData(id, (record) =>
      flashIn(record.data, name) === undefined ? undefined : { change: { data }, asRead: true },
    );
    return popped && flashIn(popped.data, name);
  }

  /**
   * Removes what has expired, in bounded steps that leave the event loop free, and returns how many sessions and
   * remembered browsers it removed. Safe on many nodes at once. What expired is dead with or without it: it is
   * housekeeping. Counters of failed attempts that are to be forgotten are removed too.
   */
  async prune(): Promise<number> {
    const sessions = await this.#pruneBy(async (from) => {
      const { expired, next } = await ask(this.#store, "deleteExpired", () =>
        this.#store.deleteExpired(this.now(), pruneBatch, from),
      );
      for (const record of expired) this.#tellEnd({ record, reason: "expired" });
      return { removed: expired.length, next };
    });
    const { attempts, remembered } = this;
    if (attempts) await this.#pruneBy((from) => attempts.deleteExpired(this.now(), pruneBatch, from));
    if (!remembered) return sessions;
    return sessions + (await this.#pruneBy((from) => remembered.deleteExpired(this.now(), pruneBatch, from)));
  }

  /**
   * Asks the store whether it answers, and compares its clock with this node's. While they differ by more than
   * 5 seconds this node neither touches nor prunes, so that it cannot end or prolong what others judge rightly.
   */
  async ready(): Promise<Readiness> {
    let time: number | undefined;
    try {
      time = await ask(this.#store, "time", () => this.#store.time());
    } catch {
      return { ready: false, problem: "store-unavailable" };
    }
    if (time === undefined) return { ready: true };
    const skew = time - this.now();
    this.#clockTrusted = Math.abs(skew) <= tolerableSkew;
    return this.#clockTrusted ? { ready: true, skew } : { ready: false, problem: "clock-skew", skew };
  }

  /** Waits for writes that nobody waited for. Call it before the store is closed. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#touches.values());
  }

  /**
   * For features: begins the session that a remembered browser names, unless it has begun already. Nobody has been
   * sent its token yet, and so it is the successor of a renewal that never was: when it is first presented, the renewal
   * of the browser's own token is completed with it. Data starts empty. `duplicate` if it has begun, `limit` if it
   * would exceed the user's limit and the policy is to refuse.
   */
  async beginRemembered(
    browser: RememberRecord,
    token: SessionToken,
    client: ClientInfo,
  ): Promise<Session<D> | "duplicate" | "limit"> {
    const { userId, secretIssuedAt: authenticatedAt, formerSessionId } = browser;
    const amr = ["remember"];
    const begun = { amr, client, data: this.#data.start().text, dataVersion: this.#data.version };
    const fresh = newRecord(this.policy, userId, token, begun, this.now());
    const record = { ...unseen(fresh, token, client), authenticatedAt };
    const result = await this.#begin(record, formerSessionId);
    if (!result.inserted) return result.because;
    this.#tell(record, { type: "created", client, amr });
    return this.#session(record);
  }

  /** For features: the live session of this id or why it ended, as far as either is known. */
  async whatBecameOf(id: SessionId): Promise<{ session?: Session<D>; ended?: EndReason }> {
    const found = await ask(this.#store, "find", () => this.#store.find(id));
    if (!found) return {};
    if (isEnded(found)) return { ended: found.reason };
    return expiry(this.policy, found, this.now()) ? { ended: "expired" } : { session: this.#session(found) };
  }

  async #insert(
    userId: string,
    options: SignInRequest<D>,
  ): Promise<{ record: SessionRecord; token: SessionToken; remember: RememberTicket | undefined }> {
    const { client = {}, amr = ["pwd"], replacing } = options;
    const { text: data, dropped } = this.#data.start(options.data, options.carried);
    if (dropped.length > 0) this.warn(`What was carried over does not fit the data: ${dropped.join(", ")}`);
    const replaced = replacing?.userId === userId ? replacing.id : undefined;
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const token = SessionToken.generate(userId);
      const now = this.now();
      const signedIn = { amr, client, data, dataVersion: this.#data.version };
      const record = newRecord(this.policy, userId, token, signedIn, now);
      const remember = options.remember ? await this.#remember(record) : undefined;
      if (options.remember && !remember) continue;
      let inserted = false;
      try {
        const result = await this.#begin(record, replaced);
        inserted = result.inserted;
        if (result.inserted) return { record, token, remember };
        if (result.because === "limit") throw new SignInRefusedError("session-limit");
      } finally {
        if (remember && !inserted) await this.remembered?.delete(remember.token.id);
      }
    }
    throw new StoreUnavailableError("insert", new Error("Every new session id was taken"));
  }

  /** Puts a session in under the user's limit. Whoever is evicted for it is forgotten: signed out means out. */
  async #begin(record: SessionRecord, replaced: SessionId | undefined): Promise<InsertResult> {
    const limit: SessionLimit = {
      maximum: await maximumFor(this.policy, record.userId),
      exceeded: this.policy.onLimit,
      ...(replaced && { replacing: replaced }),
    };
    const result = await ask(this.#store, "insert", () =>
      this.#store.insert(record, record.createdAt, limit),
    );
    if (!result.inserted) return result;
    for (const ended of result.ended) this.#tellEnd(ended);
    for (const { record: ended, reason } of result.ended) {
      if (reason === "evicted") await this.#forgetWith(ended.id, reason);
    }
    return result;
  }

  /**
   * Remembers the browser before its session is there: who ends the session then finds the browser to forget.
   * Undefined if the new ids were taken.
   */
  async #remember(session: SessionRecord): Promise<RememberTicket | undefined> {
    const { id: sessionId, userId, client, createdAt } = session;
    const token = SessionToken.generate(userId);
    const browser = newRemembered(token, { sessionId, userId, client }, this.policy.rememberFor, createdAt);
    const inserted = await this.remembered?.insert(browser, createdAt);
    return inserted ? { token, expiresAt: browser.expiresAt } : undefined;
  }

  /**
   * Forgets the browser whose session this is or was, before the session itself ends: no resume that is under way can
   * outlive it. If the browser came back meanwhile, that session ends.
   */
  async #forgetWith(id: SessionId, reason: EndReason): Promise<RememberRecord | undefined> {
    const forgotten = await this.remembered?.deleteBySession(id);
    if (!forgotten || this.now() >= forgotten.expiresAt) return undefined;
    if (forgotten.sessionId !== id) await this.#endForgotten(forgotten, reason);
    return forgotten;
  }

  async #endForgotten(browser: RememberRecord, reason: EndReason): Promise<void> {
    if (!(await this.#end(browser.sessionId, reason))) this.#tellForgotten(browser, reason);
  }

  async #forgetAll(userId: string, except: SessionId | undefined): Promise<RememberRecord[]> {
    return [...((await this.remembered?.deleteByUser(userId, except)) ?? [])];
  }

  async #end(id: SessionId, reason: EndReason): Promise<boolean> {
    const now = this.now();
    const record = await ask(this.#store, "delete", () => this.#store.delete(id, reason, now));
    return record !== undefined && this.#endedNow(record, reason, now);
  }

  async #pruneBy(
    take: (
      from: string | undefined,
    ) => Promise<{ readonly removed: number; readonly next: string | undefined }>,
  ): Promise<number> {
    let total = 0;
    let from: string | undefined;
    do {
      if (!this.#clockTrusted) break;
      const { removed, next } = await take(from);
      total += removed;
      from = next;
      await new Promise((resolve) => setImmediate(resolve));
    } while (from !== undefined);
    return total;
  }

  /** Asked after the insert, so that of a sign-in and a credential change at least one sees the other. */
  async #confirmSignIn(id: SessionId, stillValid: () => boolean | Promise<boolean>): Promise<void> {
    let valid = false;
    try {
      valid = await stillValid();
    } finally {
      if (!valid) await this.revoke(id, { reason: "account-changed" });
    }
    if (!valid) throw new SignInRefusedError("sign-in-outdated");
  }

  /**
   * What a cache has, if the token is the current one of a live session, from a client like the one that signed in, and
   * there is nothing to renew. On everything else the store has the word.
   */
  #recent(token: SessionToken, request: TokenRequest): SessionRecord | undefined {
    const record = this.#store.recent?.(token.id);
    if (!record || record.pending) return undefined;
    const now = this.now();
    if (request.canRenew && now >= record.secretIssuedAt + this.policy.renewAfter) return undefined;
    const verdict = judge(this.policy, record, token, request, now);
    return verdict.kind === "current" && !verdict.reaction ? record : undefined;
  }

  /**
   * Finds and judges, and does what the mere appearance of a token demands: a renewal whose successor came back is
   * completed, so `confirm` never leaves here; a stolen session is ended; and of an odd client is told.
   */
  async #examine(token: SessionToken, request: TokenRequest): Promise<Settled> {
    for (let attempt = 0; attempt < maximumAttempts; attempt++) {
      const found = await ask(this.#store, "find", () => this.#store.find(token.id));
      const verdict = judge(this.policy, found, token, request, this.now());
      if (verdict.kind === "theft") await this.#endStolen(verdict.record, request);
      if ("reaction" in verdict && verdict.reaction)
        await this.#meetOddClient(verdict.record, verdict.reaction, token, request);
      if (verdict.kind !== "confirm") return verdict;
      const { record, pending } = verdict;
      if (isUnseen(record) && !(await this.#confirmReturn(record.id))) continue;
      await this.#change(record, { secret: completeRenewal(record, pending, this.policy.grace, this.now()) });
    }
    throw new StoreUnavailableError("update", new Error("The session kept changing while it was validated"));
  }

  /**
   * The session of a remembered browser is presented for the first time: so the browser has its new token as well, and
   * the old one begins its grace. False if the record changed meanwhile.
   */
  async #confirmReturn(id: SessionId): Promise<boolean> {
    const browser = await this.remembered?.findBySession(id);
    if (!browser?.pending || browser.sessionId !== id) return true;
    const now = this.now();
    const secret = completeReturn(browser, browser.pending, this.policy.grace, now);
    return this.remembered!.update(browser.id, { secret }, now, browser.secretRevision);
  }

  async #successor(
    verdict: Exclude<Accepted, { kind: "confirm" }>,
    token: SessionToken,
    request: TokenRequest,
  ): Promise<SessionToken | undefined> {
    if (!request.canRenew) return undefined;
    if (verdict.kind === "resend") return token.successor(verdict.pending.salt);
    const { record } = verdict;
    const due = verdict.kind === "current" && this.now() >= record.secretIssuedAt + this.policy.renewAfter;
    if (!due) return undefined;
    try {
      return await this.#startRenewal(record, token, request.client ?? {});
    } catch (cause) {
      this.warn("A renewal could not be written; the session goes on with its present secret", cause);
      return undefined;
    }
  }

  /** One conditional write. Who loses the race sends no cookie: the winner's successor is the only one. */
  async #startRenewal(
    record: SessionRecord,
    token: SessionToken,
    client: ClientInfo,
  ): Promise<SessionToken | undefined> {
    const now = this.now();
    if (!mayBeginRenewal(record, now)) return undefined;
    const { secret, successor } = beginRenewal(record, token, client, now);
    if (!(await this.#change(record, { secret }))) return undefined;
    this.#tell(record, { type: "renewed", client });
    return successor;
  }

  /** Writes a change of the secret if nobody changed it since the record was read. */
  #change(record: SessionRecord, change: SessionChange): Promise<boolean> {
    const condition = { secretRevision: record.secretRevision };
    return ask(this.#store, "update", () => this.#store.update(record.id, change, this.now(), condition));
  }

  async #endStolen(record: SessionRecord, { client = {} }: TokenRequest): Promise<void> {
    await this.#forgetWith(record.id, "theft");
    const ended = await ask(this.#store, "delete", () => this.#store.delete(record.id, "theft", this.now()));
    if (ended) this.#tell(ended, { type: "theft", client });
  }

  /** Does and tells what the policy says of a client that is unlike the one that signed in. */
  async #meetOddClient(
    record: SessionRecord,
    reaction: FingerprintReaction,
    token: SessionToken,
    { client = {} }: TokenRequest,
  ): Promise<void> {
    if (reaction === "revoke") await this.#forgetWith(record.id, "fingerprint");
    const isNews =
      reaction === "revoke"
        ? await this.#end(record.id, "fingerprint")
        : this.#toldClients.isNews(
            record.id,
            fingerprint(token, comparedSignals(this.policy.fingerprint), client),
          );
    if (isNews) this.#tell(record, { type: "fingerprint", reaction, client, signedIn: record.client });
  }

  #refuse(verdict: Refused, token: SessionToken, request: TokenRequest): RefusedToken<D> {
    const refused = this.#reject(rejectionOf(verdict), token.id, request);
    return isLocked(verdict)
      ? { ...refused, locked: { session: this.#session(verdict.record), token } }
      : refused;
  }

  #reject(rejection: Rejection, sessionId: SessionId | undefined, request: TokenRequest): RefusedToken<D> {
    const { client = {} } = request;
    this.#events.emit({ type: "rejected", at: this.now(), reason: rejection.reason, sessionId, client });
    return { ok: false, rejection };
  }

  /** The request does not wait for it. One at a time: parallel requests of a session note the same use. */
  #touchIfDue(record: SessionRecord): void {
    if (this.now() - record.lastSeenAt < this.policy.touchInterval) return;
    if (!this.#clockTrusted || this.#touches.has(record.id)) return;
    const touch = this.touch(record)
      .catch((cause) => this.warn("A session's last use could not be noted", cause))
      .finally(() => this.#touches.delete(record.id));
    this.#touches.set(record.id, touch);
  }

  /**
   * Writes what is decided about the data of a session as it was read, and decides anew if that has changed meanwhile
   * and must not have. Gives the record as it was read; undefined if nothing was written.
   */
  async #writeData(
    id: SessionId,
    decide: (record: SessionRecord) => DataWrite | undefined,
  ): Promise<SessionRecord | undefined> {
    for (let attempt = 0; attempt < maximumDataAttempts; attempt++) {
      const record = await this.#live(id);
      const write = record && decide(record);
      if (!write) return undefined;
      const { change, asRead } = write;
      const condition = asRead ? { dataRevision: record.dataRevision } : undefined;
      const written = await ask(this.#store, "update", () =>
        this.#store.update(id, change, this.now(), condition),
      );
      if (written || !asRead) return written ? record : undefined;
    }
    throw new DataConflictError();
  }

  async #live(id: SessionId): Promise<SessionRecord | undefined> {
    const found = await ask(this.#store, "find", () => this.#store.find(id));
    return found && !isEnded(found) && !expiry(this.policy, found, this.now()) ? found : undefined;
  }

  async #belongsTo(id: SessionId, userId: string | undefined): Promise<boolean> {
    const owned = (await this.#live(id)) ?? (await this.remembered?.findBySession(id));
    return owned !== undefined && owned.userId === userId;
  }

  #session(record: SessionRecord, browser?: RememberRecord): Session<D> {
    return new Session(record, this.#readData, browser?.expiresAt);
  }

  #dataOf(record: SessionRecord): D {
    const { data, issues } = this.#data.read(record);
    if (issues) this.#tell(record, { type: "data-unreadable", issues });
    return data;
  }

  /** Tells of an end, and says whether it was one: what had expired had ended already, pruned or not. */
  #endedNow(record: SessionRecord, reason: EndReason, now: number): boolean {
    const alive = !expiry(this.policy, record, now);
    this.#tellEnd({ record, reason: alive ? reason : "expired" });
    return alive;
  }

  #tellForgotten({ sessionId, userId }: RememberRecord, reason: EndReason): void {
    this.#events.emit({ type: "revoked", at: this.now(), sessionId, userId, reason });
  }

  #tellEnd({ record, reason }: Ended): void {
    const own = reason === "evicted" || reason === "replaced" || reason === "expired";
    this.#tell(record, own ? { type: reason } : { type: "revoked", reason });
  }

  #tell(record: SessionRecord, event: EventDetails): void {
    this.#events.emit({
      at: this.now(),
      sessionId: record.id,
      userId: record.userId,
      ...event,
    } as SessionEvent);
  }
}

interface DataWrite {
  readonly change: SessionChange;
  /** Whether the data must still be as they were read. */
  readonly asRead: boolean;
}

type EventDetails = SessionEvent extends infer E
  ? E extends { readonly userId: string }
    ? Omit<E, "at" | "sessionId" | "userId">
    : never
  : never;

/** The client that a session is bound to already. */
function clientOf({
  client,
  fingerprint: bound,
}: SessionRecord): Pick<SessionRecord, "client" | "fingerprint"> {
  return { client, ...(bound !== undefined && { fingerprint: bound }) };
}

/** A verdict after a pending renewal was completed. */
type Settled = Exclude<Verdict, { kind: "confirm" }>;

const opening: ReadonlySet<string> = new Set<Accepted["kind"]>(["current", "confirm", "resend", "grace"]);

function isAccepted<V extends Verdict>(verdict: V): verdict is Extract<V, Accepted> {
  return opening.has(verdict.kind);
}

/** Whether the session opens again when its user proves who they are. */
function isLocked(verdict: Refused): verdict is Extract<Refused, { kind: "foreign" }> {
  return verdict.kind === "foreign" && verdict.reaction === "step-up";
}
