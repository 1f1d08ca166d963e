/** The ticket of a request's session: as it was presented, and as the answer carries the next one. */
import { isPending } from "../core/secret-changes.ts";
import type { Session } from "../core/session.ts";
import type { SessionToken } from "../core/token.ts";
import type { Exchange } from "./exchange.ts";
import type { RememberedBrowser } from "./remembered-browser.ts";
import { vouchFor } from "./request-garbage.ts";
import { type PresentedTicket, TicketCookie } from "./ticket-cookie.ts";

export class SessionTicket {
  readonly #exchange: Exchange;
  readonly #browser: RememberedBrowser;
  #presented: PresentedTicket | undefined;
  #successor: SessionToken | undefined;
  /** The cookies that the successor came with. */
  #successorCookies: readonly string[] = none;

  constructor(exchange: Exchange, browser: RememberedBrowser) {
    this.#exchange = exchange;
    this.#browser = browser;
  }

  presented(): PresentedTicket {
    this.#presented ??= this.#cookie.read(this.#exchange.cookie, this.#exchange.now);
    return this.#presented;
  }

  send(token: SessionToken, session: Pick<Session, "createdAt">): void {
    const { house, now } = this.#exchange;
    const cookie = this.#cookie;
    const expiresAt = session.createdAt + house.policy.absoluteTimeout;
    const lifetime = Math.max(0, Math.ceil((expiresAt - now) / 1000));
    const maxAge = cookie.settings.persistent || this.#browser.isRemembered ? lifetime : undefined;
    this.#exchange.set(cookie.settings, cookie.valueOf(token, expiresAt), maxAge);
    vouchFor(this.#exchange, token);
    this.#successor = undefined;
  }

  /** @param others the names of cookies that belong to it: what drops it drops them. */
  sendSuccessor(
    successor: SessionToken,
    session: Pick<Session, "createdAt">,
    others: readonly string[] = none,
  ): void {
    this.send(successor, session);
    this.#successor = successor;
    this.#successorCookies = [this.#exchange.sessionCookie.name, ...others];
  }

  clear(): void {
    this.#successor = undefined;
    this.#exchange.clear(this.#exchange.sessionCookie);
  }

  /** Drops a successor that is no longer the one to send. */
  settle(): Promise<void> | undefined {
    return this.#successor && this.#dropIfOutdated(this.#successor);
  }

  /** What cannot be asked is not sent: the renewal is still pending, and the next request is sent it again. */
  async #dropIfOutdated(successor: SessionToken): Promise<void> {
    const isWanted = await isPending(this.#exchange.house, successor).catch(() => false);
    if (!isWanted) for (const name of this.#successorCookies) this.#exchange.unset(name);
  }

  get #cookie(): TicketCookie {
    const { settings, sessionCookie } = this.#exchange;
    return new TicketCookie(sessionCookie, "session", settings.ticketKeys);
  }
}

const none: readonly string[] = [];
