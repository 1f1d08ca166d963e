/** Whether a request has a session: asked of the store once, and known to all verbs from then on. */
import { NotSignedInError, ThrottledError } from "../core/errors.ts";
import { recentSession } from "../core/examination.ts";
import type { House } from "../core/house.ts";
import type { Rejection } from "../core/judge.ts";
import type { SessionManager } from "../core/manager.ts";
import { giveTo, type Session } from "../core/session.ts";
import type { SessionToken } from "../core/token.ts";
import type { RefusedToken, TokenRequest, Validation, ValidSession } from "../core/validation.ts";
import { mayResume, resume } from "../remember/resume.ts";
import type { Exchange } from "./exchange.ts";
import { type Known, whenKnown } from "./known.ts";
import type { RememberedBrowser } from "./remembered-browser.ts";
import { countGarbage, vouchFor, waitForLookup, wasNeverOurs } from "./request-garbage.ts";
import type { SessionTicket } from "./session-ticket.ts";

/** A session whose cookie a request has, locked or not, and its token. */
export type Holding<D> = Pick<ValidSession<D>, "session" | "token">;

export class Admission<D> {
  readonly #sessions: SessionManager<D>;
  readonly #house: House<D>;
  readonly #exchange: Exchange;
  readonly #ticket: SessionTicket;
  readonly #browser: RememberedBrowser;
  #presented: Known<Validation<D>> | undefined;
  #validation: Known<Validation<D>> | undefined;

  constructor(
    sessions: SessionManager<D>,
    house: House<D>,
    exchange: Exchange,
    ticket: SessionTicket,
    browser: RememberedBrowser,
  ) {
    this.#sessions = sessions;
    this.#house = house;
    this.#exchange = exchange;
    this.#ticket = ticket;
    this.#browser = browser;
  }

  /**
   * A remembered browser without a session is given one, as long as the answer can carry its cookies. A session that a
   * cache has is known at once.
   */
  validation(): Known<Validation<D>> {
    this.#validation ??= this.#recent() ?? this.#lookUp();
    return this.#validation;
  }

  /** Whether nobody has asked for it yet, and a cache may have it. */
  get mayBeAtHand(): boolean {
    return !this.#validation && this.#house.store.recent !== undefined;
  }

  /** As `validation`, by the word of the store itself. */
  async strictValidation(): Promise<Validation<D>> {
    const validation = await this.validation();
    if (!validation.ok || !validation.recent) return validation;
    const { client, canRenew } = this.#exchange;
    const strictly = await this.#sessions.validate(validation.token, { client, canRenew, strict: true });
    this.#sendSuccessorOf(strictly);
    this.change(strictly);
    return strictly;
  }

  /** As `validation`, but it is no use of the session: no touch, no renewal, and no remembered browser comes back. */
  async peek(): Promise<Validation<D>> {
    const known = await this.#validation;
    // The store itself knows of uses and ends elsewhere.
    if (known && !(known.ok && known.recent)) return known;
    return this.#validatePresented({ client: this.#exchange.client, touch: false, strict: true });
  }

  /** What a verb has made of it. */
  change(validation: Validation<D>): void {
    this.#validation = this.#ours(validation);
  }

  /** @throws NotSignedInError if there is no session. */
  async valid(): Promise<ValidSession<D>> {
    const validation = await this.validation();
    if (validation.ok) return validation;
    return this.#notSignedIn();
  }

  /** The session whose cookie this is, locked or not. Without `resume` no remembered browser comes back for it. */
  async held({ resume = true }: { readonly resume?: boolean } = {}): Promise<Holding<D> | undefined> {
    const validation = await (resume ? this.validation() : this.#already());
    return validation.ok ? validation : validation.locked;
  }

  /** @throws NotSignedInError if there is none. */
  async holding(): Promise<Holding<D>> {
    return (await this.held()) ?? this.#notSignedIn();
  }

  /** The session that the browser has already: to sign in or out, nobody needs to come back first. */
  async heldAlready(): Promise<Session<D> | undefined> {
    const validation = await this.#already();
    if (validation.ok) return validation.session;
    return validation.locked?.session ?? validation.turnedAway;
  }

  /** @throws ThrottledError if the session's token was not looked up: nothing may be said of its session then. */
  async assertLookedUp(): Promise<void> {
    const validation = await (this.#validation ?? this.#presented);
    if (validation?.ok !== false || validation.rejection.reason !== "throttled") return;
    throw new ThrottledError(validation.rejection.retryAfter);
  }

  #already(): Known<Validation<D>> {
    if (this.#validation) return this.#validation;
    this.#presented ??= this.#validatePresented();
    return this.#presented;
  }

  /** It opens a session, so whatever else comes from its address, it is not invented. */
  #recent(): Validation<D> | undefined {
    const { token } = this.#ticket.presented();
    const valid = token && recentSession(this.#house, token, this.#exchange);
    if (!valid) return undefined;
    vouchFor(this.#exchange, token);
    this.#exchange.recognise();
    return this.#ours(valid);
  }

  /** A session of this request is watched as long as the request's connection, if anybody asks. */
  #ours(validation: Validation<D>): Validation<D> {
    const session = validation.ok ? validation.session : validation.locked?.session;
    if (session) giveTo(session, this.#exchange.request);
    return validation;
  }

  async #notSignedIn(): Promise<never> {
    await this.assertLookedUp();
    throw new NotSignedInError();
  }

  #lookUp(): Known<Validation<D>> {
    const orComeBack = (validation: Validation<D>) =>
      validation.ok ? validation : this.#comeBack(validation);
    return this.#presented
      ? whenKnown(this.#presented, orComeBack)
      : this.#validatePresented(this.#exchange, orComeBack);
  }

  /** What was presented opens nothing. */
  async #comeBack(validation: RefusedToken<D>): Promise<Validation<D>> {
    if (!this.#exchange.canRenew || !mayResume(validation.rejection)) return validation;
    const token = this.#browser.token();
    if (!token) return validation;
    const retryAfter = waitForLookup(this.#exchange, token);
    return retryAfter > 0 ? throttled(retryAfter) : this.#resume(token, validation);
  }

  /** @param goOn makes something else of it, without a promise of its own. */
  #validatePresented(
    request: TokenRequest = this.#exchange,
    goOn: (validation: Validation<D>) => Known<Validation<D>> = (validation) => validation,
  ): Known<Validation<D>> {
    return whenKnown(this.#validated(request), (validation) => goOn(this.#received(validation)));
  }

  #validated(request: TokenRequest): Known<Validation<D>> {
    const { token, rejection } = this.#ticket.presented();
    if (rejection?.reason === "absent") return { ok: false, rejection };
    const retryAfter = waitForLookup(this.#exchange, token);
    if (retryAfter > 0) return throttled(retryAfter);
    return token ? this.#sessions.validate(token, request) : this.#reject(rejection);
  }

  #received(validation: Validation<D>): Validation<D> {
    if (validation.ok) vouchFor(this.#exchange, validation.token);
    else if (wasNeverOurs(validation.rejection)) countGarbage(this.#exchange);
    if (validation.ok || validation.locked) this.#exchange.recognise();
    this.#sendSuccessorOf(validation);
    return this.#ours(validation);
  }

  async #resume(presented: SessionToken, otherwise: Validation<D>): Promise<Validation<D>> {
    const { client, settings } = this.#exchange;
    const returning = { client, stillValid: settings.remember.stillValid };
    const resumption = await resume(this.#house, presented, returning);
    if (!resumption.ok) {
      if (resumption.reason === "unknown") countGarbage(this.#exchange);
      return resumption.reason === "theft" ? { ok: false, rejection: { reason: "theft" } } : otherwise;
    }
    this.#exchange.recognise();
    const { session, token, cookies } = resumption;
    if (cookies) {
      this.#browser.send(cookies.remember);
      this.#ticket.sendSuccessor(cookies.session, session, [this.#browser.cookieName]);
    }
    const superseded = cookies === undefined;
    return this.#ours({ ok: true, session, token, successor: cookies?.session, superseded });
  }

  #sendSuccessorOf(validation: Validation<D>): void {
    if (!validation.ok || !validation.successor) return;
    this.#ticket.sendSuccessor(validation.successor, validation.session);
  }

  #reject(rejection: Rejection): RefusedToken<D> {
    const { client } = this.#exchange;
    const { reason } = rejection;
    this.#house.observers.tell({ type: "rejected", reason, sessionId: undefined, client });
    return { ok: false, rejection };
  }
}

function throttled(retryAfter: number): RefusedToken<never> {
  return { ok: false, rejection: { reason: "throttled", retryAfter } };
}
