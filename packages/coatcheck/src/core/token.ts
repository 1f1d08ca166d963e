/**
 * The ticket: `<id>.<family>.<secret>` in base64url.
 *
 * - id: public and fixed for the session's life; safe in logs, lists and URLs.
 * - family: 16 random bytes, fixed for the session's life; proves that a token was once ours.
 * - secret: 32 random bytes, replaced at each renewal.
 */
import { createHmac, hash, randomBytes } from "node:crypto";

declare const sessionId: unique symbol;

/** The public name of a session. Opens nothing. */
export type SessionId = string & { readonly [sessionId]: true };

const routingTagLength = 3;
const familyLength = 22;
const idPattern = /^[A-Za-z0-9_-]{25}$/;
/** Each character for itself: counted in braces, V8 takes four times as long to compare them. */
const tokenPattern = new RegExp(
  `^${[25, familyLength, 43].map((length) => "[A-Za-z0-9_-]".repeat(length)).join("\\.")}$`,
);
/** Where the family begins in the text of a token, and where the secret does. */
const familyAt = 25 + 1;
const secretAt = familyAt + familyLength + 1;

/**
 * The secret half of a session. Its text leaves memory only by `reveal`, which is for `Set-Cookie`:
 * printed, logged or turned to JSON it shows the public id (private fields are invisible to all three).
 */
export class SessionToken {
  readonly id: SessionId;
  readonly #text: string;

  private constructor(text: string) {
    this.id = text.slice(0, familyAt - 1) as SessionId;
    this.#text = text;
  }

  static #of(id: string, family: string, secret: string): SessionToken {
    return new SessionToken(`${id}.${family}.${secret}`);
  }

  /** A token for a new session of this user. */
  static generate(userId: string): SessionToken {
    // Asked for at once: the asking costs more than the bytes.
    const bytes = randomBytes(16 + 16 + 32);
    const text = (from: number, to: number) => bytes.toString("base64url", from, to);
    return SessionToken.#of(routingTag(userId) + text(0, 16), text(16, 32), text(32, 64));
  }

  /** Reads the text of a cookie; anything but a well-formed token is undefined, also what is no text. */
  static parse(text: string): SessionToken | undefined {
    return typeof text === "string" && tokenPattern.test(text) ? new SessionToken(text) : undefined;
  }

  /** The text for the cookie: the one way out. */
  reveal(): string {
    return this.#text;
  }

  get familyHash(): string {
    return sha256(this.#family);
  }

  get secretHash(): string {
    return sha256(this.#text.slice(familyAt));
  }

  /** The same session under an unrelated new secret. */
  refreshed(): SessionToken {
    return SessionToken.#of(this.id, this.#family, random(32));
  }

  /** The one successor of this token under this salt. Whoever holds the old token can be sent it again. */
  successor(salt: string): SessionToken {
    return SessionToken.#of(this.id, this.#family, hmac(this.#secret, salt));
  }

  /**
   * The token of the session that a remembered browser begins with this one. The secret can be computed again as long
   * as the salt is kept, by whoever holds this very token; the family at any time.
   */
  sessionToken(id: SessionId, salt: string): SessionToken {
    return SessionToken.#of(id, this.#familyOf(id), hmac(this.#secret, `session.${id}.${salt}`));
  }

  /** Has the keys of the session that a remembered browser began, and opens nothing. */
  sessionKeys(id: SessionId): SessionToken {
    return SessionToken.#of(this.id, this.#familyOf(id), "");
  }

  /** A key of the session for one purpose. It survives renewal and is not at rest anywhere. */
  key(purpose: "csrf" | "fingerprint"): Buffer {
    return createHmac("sha256", this.#family).update(purpose).digest();
  }

  get #family(): string {
    return this.#text.slice(familyAt, secretAt - 1);
  }

  get #secret(): string {
    return this.#text.slice(secretAt);
  }

  #familyOf(id: SessionId): string {
    return hmac(this.#family, `session.${id}`).slice(0, familyLength);
  }

  toString(): string {
    return `[SessionToken ${this.id}]`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Reads a session id from outside (a URL, a form); anything malformed is undefined, also what is no text. */
export function parseSessionId(text: string): SessionId | undefined {
  return typeof text === "string" && idPattern.test(text) ? (text as SessionId) : undefined;
}

/**
 * The first characters of every session id of a user: in a Redis Cluster they put all keys of one user into one
 * slot. It groups; it proves nothing. Fixed for ever.
 */
export function routingTag(userId: string): string {
  return sha256(userId).slice(0, routingTagLength);
}

/** A new salt for a renewal. */
export function renewalSalt(): string {
  return random(16);
}

/**
 * Compares two hashes in constant time; hashes of different lengths are simply unequal. By hand, because the two
 * buffers that `timingSafeEqual` wants cost more than the comparison.
 */
export function sameHash(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function sha256(text: string): string {
  return hash("sha256", text, "base64url");
}

function hmac(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

function random(bytes: number): string {
  return randomBytes(bytes).toString("base64url");
}
