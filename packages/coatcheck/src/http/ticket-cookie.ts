/** The cookie that carries a ticket, plain or sealed: the one place that reads one and writes one. */
import type { Rejection } from "../core/judge.ts";
import { SessionToken } from "../core/token.ts";
import { type CookieSettings, duplicateCookie, readCookie } from "./cookie.ts";
import type { KeyRing, SealPurpose } from "./key-ring.ts";

/** The ticket of a request, or why it has none: all that can be said without a store. */
export type PresentedTicket =
  | { readonly token: SessionToken; readonly rejection?: undefined }
  | { readonly token?: undefined; readonly rejection: TicketRejection };

interface TicketRejection {
  readonly reason: Extract<
    Rejection["reason"],
    "absent" | "duplicate" | "malformed" | "unopened" | "absolute-timeout"
  >;
}

export class TicketCookie {
  readonly settings: CookieSettings;
  readonly #purpose: Extract<SealPurpose, "session" | "remember">;
  readonly #keys: KeyRing | undefined;

  /** With `keys` the ticket travels sealed; without, plain. Never either way. */
  constructor(settings: CookieSettings, purpose: "session" | "remember", keys: KeyRing | undefined) {
    this.settings = settings;
    this.#purpose = purpose;
    this.#keys = keys;
  }

  /** Reads a `Cookie` header. What does not open is never read in another way (CVE-2026-39324). */
  read(header: string | undefined, now: number): PresentedTicket {
    const value = readCookie(header, this.settings.name);
    if (value === undefined) return none("absent");
    if (value === duplicateCookie) return none("duplicate");
    if (!this.#keys) return ticket(value);
    const opening = this.#keys.examine(this.#purpose, this.settings.name, value, now);
    if (opening.kind === "expired") return none("absolute-timeout");
    return opening.kind === "opened" ? ticket(opening.value) : none("unopened");
  }

  /** The cookie's value. A sealed one opens until `expiresAt`, in milliseconds since the epoch, and no longer. */
  valueOf(token: SessionToken, expiresAt: number): string {
    const text = token.reveal();
    return this.#keys ? this.#keys.seal(this.#purpose, this.settings.name, text, expiresAt) : text;
  }
}

function ticket(text: string): PresentedTicket {
  const token = SessionToken.parse(text);
  return token ? { token } : none("malformed");
}

function none(reason: TicketRejection["reason"]): PresentedTicket {
  return { rejection: { reason } };
}
