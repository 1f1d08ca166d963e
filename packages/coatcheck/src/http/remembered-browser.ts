/** The browser of a request as one that is remembered, or is not. */
import { ThrottledError } from "../core/errors.ts";
import type { RememberTicket } from "../core/remembered.ts";
import type { Session } from "../core/session.ts";
import type { EndReason } from "../core/store.ts";
import type { SessionToken } from "../core/token.ts";
import { forgetPresented, refresh } from "../remember/remember-token.ts";
import { readCookie } from "./cookie.ts";
import type { Exchange } from "./exchange.ts";
import { countGarbage, vouchFor, waitForLookup, wasNeverOurs } from "./request-garbage.ts";
import { TicketCookie } from "./ticket-cookie.ts";

export class RememberedBrowser {
  readonly #exchange: Exchange;
  /** Whether it stays remembered after this answer, as far as the answer says. */
  #stays: boolean | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Whether it has a cookie for it once the answer has arrived. */
  get isRemembered(): boolean {
    const { house, cookie } = this.#exchange;
    if (!house.remembered) return false;
    return this.#stays ?? readCookie(cookie, this.cookieName) !== undefined;
  }

  get cookieName(): string {
    return this.#cookie.settings.name;
  }

  /** Its token, where browsers are remembered. */
  token(): SessionToken | undefined {
    const { house, cookie, now, client } = this.#exchange;
    if (!house.remembered) return undefined;
    const { token, rejection } = this.#cookie.read(cookie, now);
    if (rejection && rejection.reason !== "absent") {
      const { reason } = rejection;
      if (wasNeverOurs(rejection)) countGarbage(this.#exchange);
      house.observers.tell({ type: "rejected", reason, sessionId: undefined, client, remember: true });
    }
    return token;
  }

  /** Sends its next token. */
  send({ token, expiresAt }: RememberTicket): void {
    const { now } = this.#exchange;
    const cookie = this.#cookie;
    const maxAge = Math.max(0, Math.ceil((expiresAt - now) / 1000));
    this.#exchange.set(cookie.settings, cookie.valueOf(token, expiresAt), maxAge);
    vouchFor(this.#exchange, token);
    this.#stays = true;
  }

  /** Who was never remembered hears nothing of it. */
  clear(): void {
    if (!this.isRemembered) return;
    this.#exchange.clear(this.#cookie.settings);
    this.#stays = false;
  }

  /** Gives it an unrelated token, if this is its session. */
  async refresh({ id }: Pick<Session, "id">): Promise<void> {
    const { house, client } = this.#exchange;
    const token = this.token();
    const next = token && (await refresh(house, token, client, id));
    if (next) this.send(next);
  }

  /** Forgets it, with its session unless that is `except`. */
  async forget(reason: EndReason, except: Pick<Session, "id"> | undefined): Promise<void> {
    const { house, client } = this.#exchange;
    // What this very request has set or cleared ends with its session.
    const token = this.#stays === undefined ? this.token() : undefined;
    if (!token) return;
    const retryAfter = waitForLookup(this.#exchange, token);
    if (retryAfter > 0 && reason === "logout") throw new ThrottledError(retryAfter);
    if (retryAfter > 0) return;
    const wasOurs = await forgetPresented(house, token, client, reason, except?.id);
    if (!wasOurs) countGarbage(this.#exchange);
  }

  get #cookie(): TicketCookie {
    const { settings } = this.#exchange;
    return new TicketCookie(this.#exchange.companionCookie("remember"), "remember", settings.ticketKeys);
  }
}
