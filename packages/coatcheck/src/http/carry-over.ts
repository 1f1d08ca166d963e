/**
 * What a visitor gathers before signing in: in a sealed cookie of bounded size, for no store has a row for visitors. Who
 * carries nothing gets no cookie.
 */
import { InvalidDataError } from "../core/errors.ts";
import { isReserved } from "../core/flash.ts";
import type { CarriedOver } from "../core/sign-in.ts";
import { type CookieSettings, companionCookie, readCookie } from "./cookie.ts";
import type { KeyRing } from "./key-ring.ts";

/** How long it is kept after the last change, in milliseconds. The cookie itself ends with the browser. */
export const carryOverLifetime: number = 60 * 60_000;

/** Bytes of JSON: sealed, they fit into the cookie that browsers keep. */
const largest = 2048;

const nothing: CarriedOver = { values: {}, messages: {} };

/** The request that it is read from, and the answer that it is written to. */
export interface CarryOverRequest {
  readonly cookie: string | undefined;
  readonly now: number;
  /** Writes the cookie; clears it for undefined. */
  set(settings: CookieSettings, value: string | undefined): void;
}

export class CarryOver {
  readonly #settings: CookieSettings;
  readonly #keys: KeyRing;
  readonly #request: CarryOverRequest;
  #carried: CarriedOver;

  /** `session` is the cookie beside which it stands; of the values only those with these names count. */
  constructor(session: CookieSettings, keys: KeyRing, names: readonly string[], request: CarryOverRequest) {
    this.#settings = companionCookie(session, "carry-over");
    this.#keys = keys;
    this.#request = request;
    this.#carried = this.#read(names);
  }

  /** What is carried now, this request's changes included. */
  get carried(): CarriedOver {
    return this.#carried;
  }

  /**
   * Changes values key by key; `undefined` takes one away.
   * @throws InvalidDataError if that is no JSON, or together more than 2 KB. Nothing was changed then.
   */
  carry(values: Readonly<Record<string, unknown>>): void {
    this.#write({ ...this.#carried, values: { ...this.#carried.values, ...values } });
  }

  /** @throws InvalidDataError as `carry` does. */
  flash(name: string, message: string): void {
    this.#write({ ...this.#carried, messages: { ...this.#carried.messages, [name]: message } });
  }

  /** The cookie of two requests at once is the same: both get the message. */
  pop(name: string): string | undefined {
    if (!Object.hasOwn(this.#carried.messages, name)) return undefined;
    const { [name]: message, ...messages } = this.#carried.messages;
    this.#write({ ...this.#carried, messages });
    return message;
  }

  /** It has arrived where it was carried. */
  clear(): void {
    this.#write(nothing);
  }

  #read(names: readonly string[]): CarriedOver {
    const { name } = this.#settings;
    const envelope = readCookie(this.#request.cookie, name);
    if (typeof envelope !== "string") return nothing;
    const text = this.#keys.open("carry-over", name, envelope, this.#request.now);
    if (text === undefined) return nothing;
    // Sealed by this application, if perhaps by an earlier version of it that carried other names.
    const { values, messages }: CarriedOver = JSON.parse(text);
    const named = Object.entries(values).filter(([key]) => names.includes(key));
    return { values: Object.fromEntries(named), messages };
  }

  #write(carried: CarriedOver): void {
    const text = jsonText(carried);
    // As it will be read: without what `undefined` took away.
    const written: CarriedOver = JSON.parse(text);
    if (isEmpty(written) && isEmpty(this.#carried)) return;
    const { name } = this.#settings;
    const expiresAt = this.#request.now + carryOverLifetime;
    this.#request.set(
      this.#settings,
      isEmpty(written) ? undefined : this.#keys.seal("carry-over", name, text, expiresAt),
    );
    this.#carried = written;
  }
}

/** @throws TypeError for names that no session data could have. */
export function assertCarryOver(names: readonly string[]): void {
  const isName = (name: unknown) => typeof name === "string" && name !== "" && !isReserved(name);
  if (Array.isArray(names) && names.every(isName)) return;
  throw new TypeError('carryOver must be a list of keys of the session data: ["cart"]');
}

function jsonText(carried: CarriedOver): string {
  let text: string;
  try {
    text = JSON.stringify(carried);
  } catch {
    throw new InvalidDataError(["what is to be carried over is no JSON"]);
  }
  if (Buffer.byteLength(text) <= largest) return text;
  throw new InvalidDataError([`what is to be carried over is longer than ${largest} bytes of JSON`]);
}

function isEmpty({ values, messages }: CarriedOver): boolean {
  return Object.keys(values).length === 0 && Object.keys(messages).length === 0;
}
