/** One request's view of its session: what adapters put before handlers. */
import { NotSignedInError, ThrottledError } from "../core/errors.ts";
import type { ClientInfo } from "../core/fingerprint.ts";
import { comparedSignals } from "../core/fingerprint-policy.ts";
import { assertFlash } from "../core/flash.ts";
import type { House } from "../core/house.ts";
import type { Rejection } from "../core/judge.ts";
import { houseOf, type SessionManager } from "../core/manager.ts";
import type { RememberTicket } from "../core/remembered.ts";
import { isPending } from "../core/secret-changes.ts";
import type { Session } from "../core/session.ts";
import type { CreatedSession, SignIn } from "../core/sign-in.ts";
import type { EndReason } from "../core/store.ts";
import type { SessionToken } from "../core/token.ts";
import type { RefusedToken, Validation, ValidSession } from "../core/validation.ts";
import { forgetPresented, refresh } from "../remember/remember-token.ts";
import { mayResume, resume } from "../remember/resume.ts";
import { counting } from "../throttle/open-account.ts";
import { accountDigest, beginAttempt, type SignInAttempt } from "../throttle/sign-in-attempt.ts";
import { type AuthSettings, isDirectLoopback } from "./auth-settings.ts";
import { CarryOver } from "./carry-over.ts";
import {
  clientInfo,
  hidesHttps,
  isLoopbackHost,
  isSecureRequest,
  networkOf,
  publicHost,
  type RequestSource,
} from "./client.ts";
import { type CookieSettings, companionCookie, expireCookie, readCookie, serializeCookie } from "./cookie.ts";
import { crossOrigin, csrfToken, isSafeMethod, verifyCsrfToken } from "./csrf.ts";
import { DeviceCookie, deviceLifetime } from "./device-cookie.ts";
import { csrfFailed, type Problem, problemOf, tooManyAttempts } from "./problem.ts";
import { RequestGarbage } from "./request-garbage.ts";
import { TicketCookie } from "./ticket-cookie.ts";

/** A request as an adapter shows it. */
export interface AuthRequest extends RequestSource {
  readonly method: string;
  /** Reads a field of a form body without taking the body from the handler; undefined if it is no form. */
  formField?(name: string): Promise<string | undefined>;
  /** Whether the response has begun, where the adapter does not learn of it. */
  readonly answered?: boolean;
  /** Called when the response is first given a cookie, where the adapter does not learn when the response begins. */
  onCookie?(): void;
}

/**
 * The session of one request, and the verbs that change it. Nothing is asked of the store until the session is
 * asked for; every verb has written when its promise resolves.
 */
export class RequestAuth<D = Record<string, unknown>> {
  readonly sessions: SessionManager<D>;
  readonly #house: House<D>;
  readonly #settings: AuthSettings;
  readonly #request: AuthRequest;
  readonly #garbage: RequestGarbage;
  #client: ClientInfo | undefined;
  #presented: Promise<Validation<D>> | undefined;
  #validation: Promise<Validation<D>> | undefined;
  /** `Set-Cookie` values by the cookie's name: of several for one name the last counts. */
  readonly #cookies = new Map<string, string>();
  #successor: SessionToken | undefined;
  /** The cookies that the successor came with. */
  #successorCookies: readonly string[] = [];
  /** Whether the browser stays remembered after this answer, as far as the answer says. */
  #staysRemembered: boolean | undefined;
  #attempt: SignInAttempt | undefined;
  #visitor: CarryOver | undefined;
  /** Since the session was read. */
  #flashed = false;
  #answered = false;

  constructor(sessions: SessionManager<D>, settings: AuthSettings, request: AuthRequest) {
    this.sessions = sessions;
    this.#house = houseOf(sessions);
    this.#settings = settings;
    this.#request = request;
    this.#garbage = new RequestGarbage(settings.garbage, this);
  }

  /** Who sent the request, as far as it is known. */
  get client(): ClientInfo {
    const withEncoding = comparedSignals(this.sessions.policy.fingerprint) === "strict";
    this.#client ??= clientInfo(this.#request, this.#settings.proxies, { withEncoding });
    return this.#client;
  }

  /** Whether a renewal that is due may begin: until the response begins, it can carry a cookie. */
  get canRenew(): boolean {
    return !this.#isAnswered;
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
   * The session or the reason why there is none, asked of the store once per request. A remembered browser without a
   * session is given one, as long as the answer can carry its cookies.
   */
  validation(): Promise<Validation<D>> {
    this.#validation ??= this.#validate();
    return this.#validation;
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
    const { sessions, client } = this;
    const store = counting(sessions.attempts);
    const digest = accountDigest(account);
    const now = sessions.now();
    const device = this.#deviceCookie?.deviceOf(digest, this.#request.header("cookie"), now);
    const attempting = { account: digest, network: this.#network, device };
    const outcome = await beginAttempt(store, this.#settings.throttle, attempting, now);
    if (outcome.allowed) {
      this.#attempt = outcome.attempt;
      return undefined;
    }
    const { by, retryAfter } = outcome;
    this.#house.observers.tell({ type: "throttled", by, client, retryAfter });
    return tooManyAttempts(Math.ceil(retryAfter / 1000));
  }

  /**
   * Whether this account has signed in in this browser before, as its device cookie says. The cookie is given by a sign-in
   * that `attempt` counted, lives for 400 days and needs `keys`; without them no browser is known.
   * @param account as it is given to `attempt`.
   */
  isKnownDevice(account: string): boolean {
    const cookie = this.#request.header("cookie");
    return this.#deviceCookie?.deviceOf(accountDigest(account), cookie, this.sessions.now()) !== undefined;
  }

  /**
   * Signs a user in: always a new session, which takes the place of the one that was presented. Call it after the
   * credentials were checked. What was carried over becomes data of the session; what `data` says wins.
   * @throws SignInRefusedError at the session limit, or if `stillValid` says no.
   */
  async login(userId: string, options: SignIn<D> = {}): Promise<Session<D>> {
    const replacing = await this.#heldSession();
    await this.#forgetRemembered("replaced", replacing);
    const carried = this.#carryOver?.carried;
    const { client } = this;
    const created = await this.sessions.create(userId, { ...options, client, replacing, carried });
    this.#carryOver?.clear();
    this.#warnIfDropped();
    if (created.remember) this.#sendRemember(created.remember);
    else this.#clearRemember();
    const session = this.#issue(created);
    await this.#attemptSucceeded();
    return session;
  }

  /**
   * Signs out: the session is ended for good and the cookie cleared; a remembered browser is forgotten, also one
   * without a session. Without either it only clears the cookies.
   */
  async logout(): Promise<void> {
    const session = await this.#heldSession();
    // A sign-out is never pretended: the session may be sound.
    if (!session) await this.#assertLookedUp();
    await this.#forgetRemembered("logout", session);
    if (session) await this.sessions.revoke(session.id, { reason: "logout" });
    this.#validation = Promise.resolve({ ok: false, rejection: { reason: "absent" } });
    this.#successor = undefined;
    this.#clear(this.#cookieSettings);
    this.#clearRemember();
  }

  /** Replaces the secret now, whatever its age. False if a renewal is under way already. */
  async renew(): Promise<boolean> {
    const { token, session, successor } = await this.#valid();
    const next = successor ?? (await this.sessions.renew(token, this.client));
    if (next) this.#sendSuccessor(next, session);
    return next !== undefined;
  }

  /** Call it after the user of this session has proved again who they are: the sign-in counts as recent again. */
  async reauthenticate(options: { readonly amr?: readonly string[] } = {}): Promise<Session<D>> {
    const { token } = await this.#holding();
    const created = await this.sessions.reauthenticate(token, { ...options, client: this.client });
    if (!created) throw new NotSignedInError();
    // What fails from here on must not keep the new secret from the browser: the old one is theft in a moment.
    const session = this.#issue(created);
    await this.#refreshRemembered(session);
    await this.#attemptSucceeded();
    return session;
  }

  /**
   * Changes the session's data as `sessions.update` does. Gives the session with its data as they are then, what
   * others wrote meanwhile included; from now on `session()` gives it too.
   * @throws NotSignedInError if there is no session, or it ended meanwhile.
   * @throws InvalidDataError if the result does not fit the schema.
   */
  async update(patch: Partial<D> | ((data: D) => Partial<D>)): Promise<Session<D>> {
    const valid = await this.#valid();
    const { id } = valid.session;
    const session = (await this.sessions.update(id, patch)) ? await this.sessions.find(id) : undefined;
    if (!session) throw new NotSignedInError();
    this.#validation = Promise.resolve({ ...valid, session });
    return session;
  }

  /**
   * Keeps values for the session that begins when this visitor signs in, for an hour after the last change. They are
   * changed key by key; `undefined` takes one away.
   * @throws InvalidDataError if they are no JSON, or together more than 2 KB. Nothing was changed then.
   * @throws TypeError for a key that is not in `carryOver`.
   */
  carry(values: Readonly<Record<string, unknown>>): void {
    const { carryOver } = this.#settings;
    const unknown = Object.keys(values).find((key) => !carryOver.includes(key));
    if (unknown === undefined) this.#carryOver?.carry(values);
    else throw new TypeError(`carry is not told of ${JSON.stringify(unknown)}: add it to carryOver`);
  }

  /** What the visitor carries. It is their own input: trust it as far as a form. */
  carried(): Readonly<Record<string, unknown>> {
    return this.#carryOver?.carried.values ?? {};
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
   * nothing, and a secret that is being replaced never counts.
   */
  async isRecent(within: number): Promise<boolean> {
    const validation = await this.#strictValidation();
    if (!validation.ok || validation.superseded) return false;
    const { amr, authenticatedAt } = validation.session;
    return !amr.includes("remember") && this.sessions.now() - authenticatedAt < within;
  }

  /** A token for forms and `X-CSRF-Token`, bound to the session and different at each call. */
  async csrfToken(): Promise<string> {
    const { token } = await this.#holding();
    return csrfToken(token);
  }

  /**
   * What every request must pass before its handler runs: unsafe methods must come from the own origin, and under
   * `csrf: "token"` those of a session must carry its token.
   */
  check(): Promise<Problem | undefined> | undefined {
    return isSafeMethod(this.#request.method) ? undefined : this.#checkUnsafe().catch(problemOrThrow);
  }

  /** The first half of `check`, for frameworks that parse the body between the two. Needs neither store nor body. */
  checkOrigin(): Problem | undefined {
    const { method } = this.#request;
    if (isSafeMethod(method)) return undefined;
    const headers = {
      secFetchSite: this.#request.header("sec-fetch-site"),
      origin: this.#request.header("origin"),
      host: publicHost(this.#request, this.#settings.proxies),
    };
    return crossOrigin(method, headers, this.#settings.origins) && this.#csrfFailure("cross-origin");
  }

  /** Whether an unsafe request of a session carries its CSRF token, in the header or else in the form. */
  async checkCsrfToken(): Promise<Problem | undefined> {
    if (isSafeMethod(this.#request.method)) return undefined;
    const held = await this.#held();
    if (!held) return undefined;
    const presented = this.#request.header("x-csrf-token") ?? (await this.#request.formField?.("csrf_token"));
    return verifyCsrfToken(held.token, presented) ? undefined : this.#csrfFailure("token");
  }

  /**
   * To be awaited before `responseHeaders` where the framework lets an adapter wait: drops a successor that is no
   * longer the one to send. While a slow handler ran, another request may have signed in, out, or re-authenticated,
   * and its newer cookie must not be overwritten by an older one.
   */
  settle(): Promise<void> | undefined {
    return this.#successor && this.#dropIfOutdated(this.#successor);
  }

  /** The headers that the response, which now begins, must get; undefined if none. One `Set-Cookie` for each cookie. */
  responseHeaders():
    | { readonly "Set-Cookie": readonly string[]; readonly "Cache-Control": string; readonly Vary: string }
    | undefined {
    this.#answered = true;
    if (this.#cookies.size === 0) return undefined;
    return { "Set-Cookie": [...this.#cookies.values()], "Cache-Control": "no-store", Vary: "Cookie" };
  }

  /** The session that the browser has already: to sign in or out, nobody needs to come back first. */
  async #heldSession(): Promise<Session<D> | undefined> {
    this.#presented ??= this.#validatePresented();
    const validation = await (this.#validation ?? this.#presented);
    if (validation.ok) return validation.session;
    return validation.locked?.session ?? validation.turnedAway;
  }

  /** As `validation`, by the word of the store itself. */
  async #strictValidation(): Promise<Validation<D>> {
    const validation = await this.validation();
    if (!validation.ok || !validation.recent) return validation;
    const { client, canRenew } = this;
    const strictly = await this.sessions.validate(validation.token, { client, canRenew, strict: true });
    if (strictly.ok && strictly.successor) this.#sendSuccessor(strictly.successor, strictly.session);
    this.#validation = Promise.resolve(strictly);
    return strictly;
  }

  async #validate(): Promise<Validation<D>> {
    this.#presented ??= this.#validatePresented();
    const validation = await this.#presented;
    if (validation.ok || !this.canRenew || !mayResume(validation.rejection)) return validation;
    const token = this.#rememberToken();
    if (!token) return validation;
    const retryAfter = this.#garbage.wait(token);
    return retryAfter > 0 ? throttled(retryAfter) : this.#resume(token, validation);
  }

  async #resume(presented: SessionToken, otherwise: Validation<D>): Promise<Validation<D>> {
    const returning = { client: this.client, stillValid: this.#settings.remember.stillValid };
    const resumption = await resume(this.#house, presented, returning);
    if (!resumption.ok) {
      if (resumption.reason === "unknown") this.#garbage.count();
      return resumption.reason === "theft" ? { ok: false, rejection: { reason: "theft" } } : otherwise;
    }
    const { session, token, cookies } = resumption;
    if (cookies) {
      this.#sendRemember(cookies.remember);
      this.#sendSuccessor(cookies.session, session, [this.#rememberCookie.settings.name]);
    }
    return { ok: true, session, token, successor: cookies?.session, superseded: cookies === undefined };
  }

  /** The token of a remembered browser, where browsers are remembered. */
  #rememberToken(): SessionToken | undefined {
    if (!this.#house.remembered) return undefined;
    const { client, sessions } = this;
    const at = sessions.now();
    const { token, rejection } = this.#rememberCookie.read(this.#request.header("cookie"), at);
    if (rejection && rejection.reason !== "absent") {
      const { reason } = rejection;
      if (wasNeverOurs(rejection)) this.#garbage.count();
      this.#house.observers.tell({ type: "rejected", reason, sessionId: undefined, client, remember: true });
    }
    return token;
  }

  async #refreshRemembered({ id }: Session<D>): Promise<void> {
    const token = this.#rememberToken();
    const remember = token && (await refresh(this.#house, token, this.client, id));
    if (remember) this.#sendRemember(remember);
  }

  /** Forgets the browser that the request presents as a remembered one, with its session unless that is `except`. */
  async #forgetRemembered(reason: EndReason, except: Session<D> | undefined): Promise<void> {
    // What this very request has set or cleared ends with its session.
    const token = this.#staysRemembered === undefined ? this.#rememberToken() : undefined;
    if (!token) return;
    const retryAfter = this.#garbage.wait(token);
    if (retryAfter > 0 && reason === "logout") throw new ThrottledError(retryAfter);
    if (retryAfter > 0) return;
    const wasOurs = await forgetPresented(this.#house, token, this.client, reason, except?.id);
    if (!wasOurs) this.#garbage.count();
  }

  async #validatePresented(): Promise<Validation<D>> {
    const { token, rejection } = this.#ticket.read(this.#request.header("cookie"), this.sessions.now());
    if (rejection?.reason === "absent") return { ok: false, rejection };
    const retryAfter = this.#garbage.wait(token);
    if (retryAfter > 0) return throttled(retryAfter);
    const validation = token ? await this.sessions.validate(token, this) : this.#reject(rejection);
    if (validation.ok) this.#garbage.vouch(validation.token);
    else if (wasNeverOurs(validation.rejection)) this.#garbage.count();
    if (validation.ok && validation.successor) this.#sendSuccessor(validation.successor, validation.session);
    return validation;
  }

  #reject(rejection: Rejection): Validation<D> {
    const { client } = this;
    const { reason } = rejection;
    this.#house.observers.tell({ type: "rejected", reason, sessionId: undefined, client });
    return { ok: false, rejection };
  }

  /** @throws ThrottledError if the session's token was not looked up: nothing may be said of its session then. */
  async #assertLookedUp(): Promise<void> {
    const validation = await (this.#validation ?? this.#presented);
    if (validation?.ok !== false || validation.rejection.reason !== "throttled") return;
    throw new ThrottledError(validation.rejection.retryAfter);
  }

  /** What cannot be taken back stays counted: too much is better than too little, and the sign-in itself went well. */
  async #attemptSucceeded(): Promise<void> {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    await attempt
      .succeeded()
      .catch((cause) => this.sessions.warn("The failures of an account could not be forgotten", cause));
    const device = this.#deviceCookie;
    if (!device) return;
    const cookie = this.#request.header("cookie");
    const value = device.valueAfter(attempt.account, cookie, this.sessions.now());
    this.#set(device.settings, value, deviceLifetime / 1000);
  }

  async #checkUnsafe(): Promise<Problem | undefined> {
    return this.checkOrigin() ?? (this.#settings.csrf === "token" ? this.checkCsrfToken() : undefined);
  }

  #csrfFailure(reason: "cross-origin" | "token"): Problem {
    this.#house.observers.tell({ type: "csrf", reason, client: this.client });
    return csrfFailed();
  }

  /** The session whose cookie this is, locked or not, and the token. */
  async #held(): Promise<Pick<ValidSession<D>, "session" | "token"> | undefined> {
    const validation = await this.validation();
    return validation.ok ? validation : validation.locked;
  }

  async #holding(): Promise<Pick<ValidSession<D>, "session" | "token">> {
    const held = await this.#held();
    if (held) return held;
    await this.#assertLookedUp();
    throw new NotSignedInError();
  }

  async #valid(): Promise<ValidSession<D>> {
    const validation = await this.validation();
    if (validation.ok) return validation;
    await this.#assertLookedUp();
    throw new NotSignedInError();
  }

  #issue({ session, token }: CreatedSession<D>): Session<D> {
    this.#validation = Promise.resolve({ ok: true, session, token, successor: undefined, superseded: false });
    this.#send(token, session);
    return session;
  }

  #sendSuccessor(successor: SessionToken, session: Session<D>, others: readonly string[] = []): void {
    this.#send(successor, session);
    this.#successor = successor;
    this.#successorCookies = [this.#cookieSettings.name, ...others];
  }

  /** What cannot be asked is not sent: the renewal is still pending, and the next request is sent it again. */
  async #dropIfOutdated(successor: SessionToken): Promise<void> {
    const isWanted = await isPending(this.#house, successor).catch(() => false);
    if (!isWanted) for (const name of this.#successorCookies) this.#cookies.delete(name);
  }

  #send(token: SessionToken, session: Session<D>): void {
    const ticket = this.#ticket;
    const expiresAt = session.createdAt + this.sessions.policy.absoluteTimeout;
    const lifetime = Math.max(0, Math.ceil((expiresAt - this.sessions.now()) / 1000));
    const maxAge = ticket.settings.persistent || this.#isRemembered ? lifetime : undefined;
    this.#set(ticket.settings, ticket.valueOf(token, expiresAt), maxAge);
    this.#garbage.vouch(token);
    this.#successor = undefined;
  }

  #sendRemember({ token, expiresAt }: RememberTicket): void {
    const { settings } = this.#rememberCookie;
    const maxAge = Math.max(0, Math.ceil((expiresAt - this.sessions.now()) / 1000));
    this.#set(settings, this.#rememberCookie.valueOf(token, expiresAt), maxAge);
    this.#garbage.vouch(token);
    this.#staysRemembered = true;
  }

  /** Who was never remembered hears nothing of it. */
  #clearRemember(): void {
    if (!this.#isRemembered) return;
    this.#clear(this.#rememberCookie.settings);
    this.#staysRemembered = false;
  }

  get #isRemembered(): boolean {
    if (!this.#house.remembered) return false;
    const { name } = this.#rememberCookie.settings;
    return this.#staysRemembered ?? readCookie(this.#request.header("cookie"), name) !== undefined;
  }

  /** `maxAge` is in seconds; without it the cookie ends with the browser. */
  #set(settings: CookieSettings, value: string, maxAge: number | undefined): void {
    this.#setCookie(settings, serializeCookie(settings, value, { secure: this.#secure, maxAge }));
  }

  #clear(settings: CookieSettings): void {
    this.#setCookie(settings, expireCookie(settings, { secure: this.#secure }));
  }

  #setCookie({ name }: CookieSettings, cookie: string): void {
    if (this.#cookies.size === 0) this.#request.onCookie?.();
    this.#cookies.set(name, cookie);
    if (!this.#isAnswered) return;
    this.#settings.warnings.once(
      "late-cookie",
      "A cookie came too late: the response had begun before a verb such as login, logout, renew or flash was done. Await them before you answer",
      this.sessions.warn,
    );
  }

  get #isAnswered(): boolean {
    return this.#answered || this.#request.answered === true;
  }

  /** Undefined without keys. */
  get #carryOver(): CarryOver | undefined {
    const { keys, carryOver } = this.#settings;
    if (!keys) return undefined;
    this.#visitor ??= new CarryOver(this.#cookieSettings, keys, carryOver, {
      cookie: this.#request.header("cookie"),
      now: this.sessions.now(),
      set: (settings, value) =>
        value === undefined ? this.#clear(settings) : this.#set(settings, value, undefined),
    });
    return this.#visitor;
  }

  get #ticket(): TicketCookie {
    return new TicketCookie(this.#cookieSettings, "session", this.#settings.ticketKeys);
  }

  get #rememberCookie(): TicketCookie {
    const settings = companionCookie(this.#cookieSettings, "remember");
    return new TicketCookie(settings, "remember", this.#settings.ticketKeys);
  }

  /** Undefined without keys: no browser is known then. */
  get #deviceCookie(): DeviceCookie | undefined {
    const { keys } = this.#settings;
    return keys && new DeviceCookie(companionCookie(this.#cookieSettings, "device"), keys);
  }

  get #network(): string | undefined {
    const { ip } = this.client;
    return ip === undefined ? undefined : networkOf(ip);
  }

  get #cookieSettings(): CookieSettings {
    const { cookie, localCookie } = this.#settings;
    return localCookie && isDirectLoopback(this.#request) ? localCookie : cookie;
  }

  get #secure(): boolean {
    return this.#cookieSettings === this.#settings.cookie;
  }

  /** Silence is a bug: with a cookie that the browser drops, a sign-in seems to do nothing. */
  #warnIfDropped(): void {
    const { origins, proxies, warnings } = this.#settings;
    if (origins.publicOrigin || !this.#secure || isSecureRequest(this.#request, proxies)) return;
    const host = publicHost(this.#request, proxies) ?? "an unknown host";
    if (hidesHttps(this.#request, proxies)) {
      const { remoteAddress } = this.#request;
      const declaration = remoteAddress ? `trustedProxies: [${JSON.stringify(remoteAddress)}], or ` : "";
      warnings.once(
        "hidden-https",
        `A proxy at ${remoteAddress ?? "an unknown address"} says that browsers use https, but it is not declared: its word does not count. Set ${declaration}origin to the https address`,
        this.sessions.warn,
      );
    } else if (!isLoopbackHost(host)) {
      warnings.once(
        "plain-http",
        `Somebody signed in over plain http on ${host}: browsers drop the Secure session cookie there, so the sign-in has no effect. Serve it over https, or set origin to the https address if a proxy does`,
        this.sessions.warn,
      );
    }
  }
}

/** An outage while a request is checked is answered like one in its handler. */
function problemOrThrow(error: unknown): Problem {
  const problem = problemOf(error);
  if (!problem) throw error;
  return problem;
}

function throttled(retryAfter: number): RefusedToken<never> {
  return { ok: false, rejection: { reason: "throttled", retryAfter } };
}

/** A guess, or something else's cookie. What was ours and is dead is none. */
function wasNeverOurs({ reason }: Rejection): boolean {
  return reason === "unknown" || reason === "malformed" || reason === "unopened";
}
