/** One request's view of its session: what adapters put before handlers. */
import { NotSignedInError } from "../core/errors.ts";
import type { ClientInfo } from "../core/fingerprint.ts";
import { assertFlash } from "../core/flash.ts";
import type { Rejection } from "../core/judge.ts";
import { houseOf, type SessionManager } from "../core/manager.ts";
import type { Session } from "../core/session.ts";
import type { CreatedSession, SignIn } from "../core/sign-in.ts";
import { tolerableSkew } from "../core/store-clock.ts";
import type { Validation } from "../core/validation.ts";
import type { AddedHeaders } from "./added-headers.ts";
import { Admission } from "./admission.ts";
import type { AuthRequest } from "./auth-request.ts";
import type { AuthSettings } from "./auth-settings.ts";
import { CarryOver } from "./carry-over.ts";
import { CountedSignIn } from "./counted-sign-in.ts";
import { csrfToken, isSafeMethod } from "./csrf.ts";
import { checkOrigin, checkToken, isWebSocket } from "./csrf-check.ts";
import { warnIfDropped } from "./dropped-cookie.ts";
import { Exchange } from "./exchange.ts";
import type { Known } from "./known.ts";
import { type Problem, problemOf } from "./problem.ts";
import { RememberedBrowser } from "./remembered-browser.ts";
import { SessionTicket } from "./session-ticket.ts";

/**
 * The session of one request, and the verbs that change it. Nothing is asked of the store until the session is
 * asked for; every verb has written when its promise resolves.
 */
export class RequestAuth<D = Record<string, unknown>> {
  readonly sessions: SessionManager<D>;
  readonly #exchange: Exchange;
  readonly #browser: RememberedBrowser;
  readonly #ticket: SessionTicket;
  readonly #admission: Admission<D>;
  #counted: CountedSignIn | undefined;
  #visitor: CarryOver | undefined;
  /** Whether a one-time message was left since the session was read. */
  #flashed = false;

  constructor(sessions: SessionManager<D>, settings: AuthSettings, request: AuthRequest) {
    const house = houseOf(sessions);
    this.sessions = sessions;
    this.#exchange = new Exchange(house, settings, request);
    this.#browser = new RememberedBrowser(this.#exchange);
    this.#ticket = new SessionTicket(this.#exchange, this.#browser);
    this.#admission = new Admission(sessions, house, this.#exchange, this.#ticket, this.#browser);
  }

  /** Who sent the request, as far as it is known. */
  get client(): ClientInfo {
    return this.#exchange.client;
  }

  /** Whether a renewal that is due may begin: until the response begins, it can carry a cookie. */
  get canRenew(): boolean {
    return this.#exchange.canRenew;
  }

  /**
   * The session of this request; undefined if it has none, or one that is locked.
   * @throws StoreUnavailableError if the store failed: the request is not anonymous then, it is unknown.
   */
  async session(): Promise<Session<D> | undefined> {
    const validation = await this.validation();
    return validation.ok ? validation.session : undefined;
  }

  /**
   * The session of this request if it is locked: its client is unlike the one that signed in, and the policy's
   * reaction is `step-up`. It opens again by `reauthenticate`; until then `session()` is undefined, guards answer 403
   * `reauth-required`, and only `login`, `logout` and the CSRF token work.
   */
  async lockedSession(): Promise<Session<D> | undefined> {
    const validation = await this.validation();
    return validation.ok ? undefined : validation.locked?.session;
  }

  /** Why the request has no session; undefined if it has one. */
  async rejection(): Promise<Rejection | undefined> {
    const validation = await this.validation();
    return validation.ok ? undefined : validation.rejection;
  }

  /**
   * The session or the reason why there is none, asked of the store once per request; at once where a cache has it. A
   * remembered browser without a session is given one, as long as the answer can carry its cookies.
   */
  validation(): Known<Validation<D>> {
    return this.#admission.validation();
  }

  /** Whether nobody has asked for the session yet, and a cache may have it. */
  get mayBeAtHand(): boolean {
    return this.#admission.mayBeAtHand;
  }

  /**
   * The session of this request, without using it: for pages that ask by themselves when it ends (`expiresAt`), which must
   * keep nobody signed in (NIST SP 800-63B-4 §5.2). Nothing is touched or renewed, and no remembered browser comes back.
   */
  async peek(): Promise<Session<D> | undefined> {
    const validation = await this.#admission.peek();
    return validation.ok ? validation.session : undefined;
  }

  /**
   * To be awaited before a password, or what else proves who somebody is, is checked: at sign-in, and before
   * `reauthenticate`. Gives the problem to answer if there were too many attempts: 429, in the same words for every
   * account. Otherwise the attempt counts as failed until `login` or `reauthenticate` says that it was not: of many
   * that come at once no more than are allowed get past.
   *
   * @param account as it was submitted, whether or not there is such an account, folded as the application folds it when
   * it looks it up. Case and spaces around it make no difference here.
   * @throws StoreUnavailableError if attempts cannot be counted: guessing must not be free while the store is down.
   * @throws TypeError if the store counts no attempts, or `account` is no text.
   */
  async attempt(account: string): Promise<Problem | undefined> {
    return this.#signIn.attempt(account);
  }

  /**
   * Whether this account has signed in in this browser before, as its device cookie says. The cookie is given by a sign-in
   * that `attempt` counted, lives for 400 days and needs `keys`; without them no browser is known.
   * @param account as it is given to `attempt`.
   */
  isKnownDevice(account: string): boolean {
    return this.#signIn.isKnownDevice(account);
  }

  /**
   * Signs a user in: always a new session, which takes the place of the one that was presented. Call it after the
   * credentials were checked. What was carried over becomes data of the session; what `data` says wins.
   * @throws SignInRefusedError at the session limit, or if `stillValid` says no.
   */
  async login(userId: string, options: SignIn<D> = {}): Promise<Session<D>> {
    const replacing = await this.#admission.heldAlready();
    // First, though the sign-in may be refused: a session of this browser, its cookie lost, counts under the limit.
    await this.#browser.forget("replaced", replacing);
    const carried = this.#carryOver?.carried;
    const { client } = this;
    const created = await this.sessions.create(userId, { ...options, client, replacing, carried });
    this.#carryOver?.clear();
    warnIfDropped(this.#exchange);
    if (created.remember) this.#browser.send(created.remember);
    else this.#browser.clear();
    const session = this.#issue(created);
    await this.#counted?.succeeded();
    return session;
  }

  /**
   * Signs out: the session is ended for good and the cookie cleared; a remembered browser is forgotten, also one
   * without a session. Without either it only clears the cookies.
   */
  async logout(): Promise<void> {
    const session = await this.#admission.heldAlready();
    // A sign-out is never pretended: the session may be sound.
    if (!session) await this.#admission.assertLookedUp();
    await this.#browser.forget("logout", session);
    if (session) await this.sessions.revoke(session.id, { reason: "logout" });
    this.#admission.change({ ok: false, rejection: { reason: "absent" } });
    this.#ticket.clear();
    this.#browser.clear();
  }

  /** Replaces the secret now, whatever its age. False if a renewal is under way already. */
  async renew(): Promise<boolean> {
    const { token, session, successor } = await this.#admission.valid();
    const next = successor ?? (await this.sessions.renew(token, this.client));
    if (next) this.#ticket.sendSuccessor(next, session);
    return next !== undefined;
  }

  /** Call it after the user of this session has proved again who they are: the sign-in counts as recent again. */
  async reauthenticate(options: { readonly amr?: readonly string[] } = {}): Promise<Session<D>> {
    const { token } = await this.#admission.holding();
    const created = await this.sessions.reauthenticate(token, { ...options, client: this.client });
    if (!created) throw new NotSignedInError();
    // What fails from here on must not keep the new secret from the browser: the old one is theft in a moment.
    const session = this.#issue(created);
    await this.#browser.refresh(session);
    await this.#counted?.succeeded();
    return session;
  }

  /**
   * Changes the session's data as `sessions.update` does. Gives the session with its data as they are then, what
   * others wrote meanwhile included; from now on `session()` gives it too.
   * @throws NotSignedInError if there is no session, or it ended meanwhile.
   * @throws InvalidDataError if the result does not fit the schema.
   */
  async update(patch: Partial<D> | ((data: D) => Partial<D>)): Promise<Session<D>> {
    const valid = await this.#admission.valid();
    const { id } = valid.session;
    const session = (await this.sessions.update(id, patch)) ? await this.sessions.find(id) : undefined;
    if (!session) throw new NotSignedInError();
    this.#admission.change({ ...valid, session });
    return session;
  }

  /**
   * Keeps values for the session that begins when this visitor signs in, for an hour after the last change. They are
   * changed key by key; `undefined` takes one away.
   * @throws InvalidDataError if they are no JSON, or together more than 2 KB. Nothing was changed then.
   * @throws TypeError for a key that is not in `carryOver`.
   */
  carry(values: Readonly<Record<string, unknown>>): void {
    const { carryOver } = this.#exchange.settings;
    const unknown = Object.keys(values).find((key) => !carryOver.includes(key));
    if (unknown === undefined) this.#carryOver?.carry(values);
    else throw new TypeError(`carry is not told of ${JSON.stringify(unknown)}: add it to carryOver`);
  }

  /** What the visitor carries. It is their own input: trust it as far as a form. */
  carried(): Readonly<Record<string, unknown>> {
    const values = this.#carryOver?.carried.values ?? {};
    if (Object.keys(values).length > 0) this.#exchange.recognise();
    return values;
  }

  /**
   * Leaves a one-time message for the next page, under a name where the last one counts. Where `keys` are set, also for
   * visitors.
   * @throws NotSignedInError if there is no session, and no `keys`.
   * @throws InvalidDataError for a message of more than 2048 characters; for a visitor, also if it does not fit into the
   * 2 KB beside what they carry.
   */
  async flash(name: string, message: string): Promise<void> {
    assertFlash(name, message);
    const validation = await this.validation();
    if (validation.ok && (await this.sessions.flash(validation.session.id, name, message))) {
      this.#flashed = true;
    } else if (this.#carryOver) {
      this.#carryOver.flash(name, message);
    } else {
      throw new NotSignedInError();
    }
  }

  /** Takes a one-time message; undefined if none is waiting. Of two tabs that ask at once, one gets a session's message. */
  async pop(name: string): Promise<string | undefined> {
    assertFlash(name);
    const session = await this.session();
    const isWaiting = session !== undefined && (this.#flashed || session.hasFlash(name));
    const message = isWaiting ? await this.sessions.pop(session.id, name) : undefined;
    return message ?? this.#carryOver?.pop(name);
  }

  /**
   * Whether the user proved within so many milliseconds who they are. Coming back as a remembered browser proves
   * nothing, a secret that is being replaced never counts, nor does a proof from more than 5 seconds in the future, which a
   * wrong clock has written. With `peek`, to ask is no use of the session.
   */
  async isRecent(within: number, { peek = false }: { readonly peek?: boolean } = {}): Promise<boolean> {
    const validation = await (peek ? this.#admission.peek() : this.#admission.strictValidation());
    if (!validation.ok || validation.superseded) return false;
    const { amr, authenticatedAt } = validation.session;
    const age = this.sessions.now() - authenticatedAt;
    return !amr.includes("remember") && age >= -tolerableSkew && age < within;
  }

  /** A token for forms and `X-CSRF-Token`, bound to the session and different at each call. */
  async csrfToken(): Promise<string> {
    const { token } = await this.#admission.holding();
    return csrfToken(token);
  }

  /**
   * What every request must pass before its handler runs: unsafe methods, and what opens a WebSocket, must come from the
   * own origin, and under `csrf: "token"` unsafe methods of a session must carry its token.
   */
  check(): Promise<Problem | undefined> | undefined {
    return this.#isFromAnywhere ? undefined : this.#checkUnsafe().catch(problemOrThrow);
  }

  /** The first half of `check`, for frameworks that parse the body between the two. Needs neither store nor body. */
  checkOrigin(): Problem | undefined {
    return this.#isFromAnywhere ? undefined : checkOrigin(this.#exchange);
  }

  /**
   * Whether an unsafe request of a session carries its CSRF token, in the header or else in the form.
   * @param options.resume false before `logout`: a remembered browser whose session has ended does not come back in
   * order to sign out, and needs no token then. Default true.
   */
  async checkCsrfToken(options: { readonly resume?: boolean } = {}): Promise<Problem | undefined> {
    const held = this.#isSafe ? undefined : await this.#admission.held(options);
    return held && checkToken(this.#exchange, held.token);
  }

  /**
   * To be awaited before `responseHeaders` where the framework lets an adapter wait: drops a successor that is no
   * longer the one to send. While a slow handler ran, another request may have signed in, out, or re-authenticated,
   * and its newer cookie must not be overwritten by an older one.
   */
  settle(): Promise<void> | undefined {
    return this.#ticket.settle();
  }

  /** The headers that the response, which now begins, must get, by `addHeaders`; undefined if none. */
  responseHeaders(): AddedHeaders | undefined {
    return this.#exchange.begin();
  }

  async #checkUnsafe(): Promise<Problem | undefined> {
    return (
      this.checkOrigin() ?? (this.#exchange.settings.csrf === "token" ? this.checkCsrfToken() : undefined)
    );
  }

  get #isSafe(): boolean {
    return isSafeMethod(this.#exchange.request.method);
  }

  /** Whether another site may send it: it changes nothing, and its answer is not shown to that site. */
  get #isFromAnywhere(): boolean {
    return this.#isSafe && !isWebSocket(this.#exchange.request);
  }

  #issue({ session, token }: CreatedSession<D>): Session<D> {
    this.#admission.change({ ok: true, session, token, successor: undefined, superseded: false });
    this.#ticket.send(token, session);
    return session;
  }

  get #signIn(): CountedSignIn {
    this.#counted ??= new CountedSignIn(this.#exchange);
    return this.#counted;
  }

  /** Undefined without keys. */
  get #carryOver(): CarryOver | undefined {
    const exchange = this.#exchange;
    const { keys, carryOver } = exchange.settings;
    if (!keys) return undefined;
    this.#visitor ??= new CarryOver(exchange.sessionCookie, keys, carryOver, {
      cookie: exchange.cookie,
      now: exchange.now,
      set: (settings, value) =>
        value === undefined ? exchange.clear(settings) : exchange.set(settings, value, undefined),
    });
    return this.#visitor;
  }
}

/** An outage while a request is checked is answered like one in its handler. */
function problemOrThrow(error: unknown): Problem {
  const problem = problemOf(error);
  if (!problem) throw error;
  return problem;
}
