/** One request, and the headers that its answer gets: what all parts of `RequestAuth` see of both. */
import type { ClientInfo } from "../core/fingerprint.ts";
import { comparedSignals } from "../core/fingerprint-policy.ts";
import type { House } from "../core/house.ts";
import { type AddedHeaders, forAnybody, forOne } from "./added-headers.ts";
import type { AuthRequest } from "./auth-request.ts";
import { type AuthSettings, isDirectLoopback } from "./auth-settings.ts";
import { clientInfo, networkOf } from "./client.ts";
import { type CookieSettings, companionCookie, expireCookie, serializeCookie } from "./cookie.ts";

export class Exchange {
  readonly house: House;
  readonly settings: AuthSettings;
  readonly request: AuthRequest;
  #client: ClientInfo | undefined;
  #network: string | undefined;
  /** `Set-Cookie` values by the cookie's name: of several for one name the last counts. */
  #cookies: Map<string, string> | undefined;
  #hasBegun = false;
  #isAdded = false;
  #isRecognised = false;

  constructor(house: House, settings: AuthSettings, request: AuthRequest) {
    this.house = house;
    this.settings = settings;
    this.request = request;
  }

  get now(): number {
    return this.house.now();
  }

  /** Who sent the request, as far as it is known. */
  get client(): ClientInfo {
    this.#client ??= clientInfo(this.request, this.settings.proxies, {
      withEncoding: comparedSignals(this.house.policy.fingerprint) === "strict",
    });
    return this.#client;
  }

  /** Whether its headers are, as they came, what this client has said of itself. */
  saysTheSameAs({ userAgent, language }: ClientInfo): boolean {
    const { request } = this;
    return request.header("user-agent") === userAgent && request.header("accept-language") === language;
  }

  /** What is counted by address; undefined where there is none, as on a Unix socket. */
  get network(): string | undefined {
    const { ip } = this.client;
    if (ip !== undefined) this.#network ??= networkOf(ip);
    return this.#network;
  }

  /** The `Cookie` header. Who asks for it makes the answer depend on it. */
  get cookie(): string | undefined {
    this.#addHeaders();
    return this.request.header("cookie");
  }

  /** Whether a renewal that is due may begin: until the response begins, it can carry a cookie. */
  get canRenew(): boolean {
    return !this.#isAnswered;
  }

  /** The cookie that carries the session on this way. */
  get sessionCookie(): CookieSettings {
    const { cookie, localCookie } = this.settings;
    return localCookie && isDirectLoopback(this.request) ? localCookie : cookie;
  }

  /** Whether cookies are sent as `Secure`. */
  get isSecure(): boolean {
    return this.sessionCookie === this.settings.cookie;
  }

  companionCookie(role: Parameters<typeof companionCookie>[1]): CookieSettings {
    return companionCookie(this.sessionCookie, role);
  }

  /** `maxAge` is in seconds; without it the cookie ends with the browser. */
  set(settings: CookieSettings, value: string, maxAge: number | undefined): void {
    this.#write(settings, serializeCookie(settings, value, { secure: this.isSecure, maxAge }));
  }

  clear(settings: CookieSettings): void {
    this.#write(settings, expireCookie(settings, { secure: this.isSecure }));
  }

  /** Says nothing of this cookie after all. */
  unset(name: string): void {
    this.#cookies?.delete(name);
  }

  /** The answer is to one person: no cache may keep it unless its handler says so. */
  recognise(): void {
    this.#isRecognised = true;
  }

  /** The response begins now. Undefined if nobody has looked at the cookies or set one. */
  begin(): AddedHeaders | undefined {
    this.#hasBegun = true;
    if (this.#cookies && this.#cookies.size > 0)
      return { ...forOne, "Set-Cookie": [...this.#cookies.values()] };
    if (!this.#isAdded) return undefined;
    return this.#isRecognised ? forOne : forAnybody;
  }

  #write({ name }: CookieSettings, cookie: string): void {
    this.#cookies ??= new Map();
    this.#addHeaders();
    this.#cookies.set(name, cookie);
    if (!this.#isAnswered) return;
    this.settings.warnings.once(
      "late-cookie",
      "A cookie came too late: the response had begun before a verb such as login, logout, renew or flash was done. Await them before you answer",
      this.house.warn,
    );
  }

  #addHeaders(): void {
    if (!this.#isAdded && !this.#isAnswered) this.request.onHeaders?.(() => this.begin());
    this.#isAdded = true;
  }

  get #isAnswered(): boolean {
    return this.#hasBegun || this.request.answered === true;
  }
}
