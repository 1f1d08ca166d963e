/** Browsers that are remembered, without sockets: each visit is one request's view, with the cookies of a jar. */
import assert from "node:assert/strict";
import type { SessionEvent } from "../../src/core/events.ts";
import type { ClientInfo } from "../../src/core/fingerprint.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { PolicyOptions } from "../../src/core/policy.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { type AuthOptions, resolveAuth } from "../../src/http/auth-settings.ts";
import { RequestAuth } from "../../src/http/request-auth.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { CookieJar } from "../../src/testing/cookie-jar.ts";
import { chrome, firefox, firefoxUpdated } from "../core/house.ts";

export { chrome, firefox, firefoxUpdated };

export const second: number = 1_000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

/** How long an old token is accepted, by default. */
export const grace: number = 30 * second;

/** A house over a store that no other test uses. */
export type MakeHouse = (options?: RememberHouseOptions) => Promise<RememberHouse>;

export interface RememberHouseOptions {
  readonly policy?: PolicyOptions;
  readonly auth?: AuthOptions;
}

/** An application over a store, a clock that only the test moves, and everything that was told. */
export class RememberHouse {
  readonly store: SessionStore;
  readonly clock: ManualClock = manualClock();
  readonly events: SessionEvent[] = [];
  readonly sessions: SessionManager;
  readonly #auth: AuthOptions;

  constructor(store: SessionStore, { policy = {}, auth = {} }: RememberHouseOptions = {}) {
    this.store = store;
    this.#auth = auth;
    this.sessions = new SessionManager({
      store,
      policy,
      now: this.clock.now,
      onEvent: (event) => void this.events.push(event),
      warn: (message, cause) => assert.fail(`Warned: ${message}: ${cause}`),
    });
  }

  browser(client: ClientInfo = firefox): RememberedBrowser {
    return new RememberedBrowser(this, client);
  }

  /** A browser in which a user has signed in and asked to be remembered. */
  async remembered(userId = "ada", client: ClientInfo = firefox): Promise<RememberedBrowser> {
    const browser = this.browser(client);
    await browser.signIn(userId);
    return browser;
  }

  request(
    cookie: string | undefined,
    client: ClientInfo,
    others: Readonly<Record<string, string>> = {},
  ): RequestAuth {
    const headers: Record<string, string | undefined> = {
      ...others,
      cookie,
      host: "localhost",
      "user-agent": client.userAgent,
      "accept-language": client.language,
    };
    return new RequestAuth(this.sessions, resolveAuth(this.#auth), {
      method: "POST",
      remoteAddress: undefined,
      encrypted: true,
      header: (name) => headers[name],
    });
  }

  /** The kinds of events so far, in order. */
  told(type?: SessionEvent["type"]): string[] {
    return this.events.flatMap((event) => (type && event.type !== type ? [] : [event.type]));
  }

  async sessionIds(userId = "ada"): Promise<string[]> {
    return (await this.sessions.list(userId)).map(({ id }) => id);
  }
}

/** What one request met. */
export interface Visit {
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly rejection: string | undefined;
  readonly setCookies: readonly string[];
}

export class RememberedBrowser {
  readonly client: ClientInfo;
  readonly #house: RememberHouse;
  #jar = new CookieJar();

  constructor(house: RememberHouse, client: ClientInfo) {
    this.#house = house;
    this.client = client;
  }

  async signIn(userId = "ada", remember = true): Promise<Visit> {
    return this.visit((auth) => auth.login(userId, { remember }));
  }

  /** One request: it does something, asks whose session it has, and gets its answer. */
  async visit(deed?: (auth: RequestAuth) => Promise<unknown>): Promise<Visit> {
    const visit = await this.lose(deed);
    this.arrive(visit);
    return visit;
  }

  /** A request whose answer never arrives, or not yet. */
  async lose(deed: (auth: RequestAuth) => Promise<unknown> = async () => {}): Promise<Visit> {
    return visit(this.#house.request(this.cookie, this.client), deed);
  }

  /** The answer of an earlier request arrives. */
  arrive({ setCookies }: Visit): void {
    for (const setCookie of setCookies) this.#jar.store(setCookie);
  }

  get cookie(): string | undefined {
    return this.#jar.header("/");
  }

  /** The browser was closed and cookies without a lifetime are gone. */
  forgetSession(): void {
    this.#jar.store("__Host-session=; Max-Age=0; Path=/; Secure");
  }

  /** Somebody else has the same cookies from now on. */
  copy(client: ClientInfo = this.client): RememberedBrowser {
    return this.copyIn(this.#house, client);
  }

  /** The same cookies before another house: one over the same store, under another policy. */
  copyIn(house: RememberHouse, client: ClientInfo = this.client): RememberedBrowser {
    const copy = new RememberedBrowser(house, client);
    for (const pair of this.cookie?.split("; ") ?? []) copy.#jar.store(`${pair}; Path=/; Secure`);
    return copy;
  }

  has(name: "session" | "remember"): boolean {
    return this.cookie?.includes(`__Host-${name}=`) === true;
  }
}

async function visit(auth: RequestAuth, deed: (auth: RequestAuth) => Promise<unknown>): Promise<Visit> {
  await deed(auth);
  const validation = await auth.validation();
  await auth.settle();
  const setCookies = auth.responseHeaders()?.["Set-Cookie"] ?? [];
  return validation.ok
    ? {
        userId: validation.session.userId,
        sessionId: validation.session.id,
        rejection: undefined,
        setCookies,
      }
    : { userId: undefined, sessionId: undefined, rejection: validation.rejection.reason, setCookies };
}

export function pair(setCookie: string): string {
  return setCookie.split(";", 1)[0]!;
}

export function rememberPair(setCookies: readonly string[]): string {
  return pair(setCookies.find((text) => text.startsWith("__Host-remember="))!);
}

export function assertIn(visit: Visit, userId = "ada"): void {
  assert.equal(visit.userId, userId, `Rejected: ${visit.rejection}`);
}

/** Nobody is let in, and a refusal writes no cookie. */
export function assertOut(visit: Visit, rejection?: string): void {
  assert.equal(visit.userId, undefined);
  if (rejection) assert.equal(visit.rejection, rejection);
  assert.deepEqual(visit.setCookies, []);
}
