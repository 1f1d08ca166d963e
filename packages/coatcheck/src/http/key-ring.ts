/** The application's keys, for the few things that only a key can protect: sealed cookies and what they carry. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** What an envelope is for. Sealed for one purpose and cookie name, it opens for no other. */
export type SealPurpose = "session" | "remember" | "device" | "carry-over";

interface Key {
  readonly id: string;
  /** One key for each purpose, derived at start: none of them tells anything about another. */
  readonly of: ReadonlyMap<SealPurpose, Buffer>;
}

const purposes: readonly SealPurpose[] = ["session", "remember", "device", "carry-over"];
const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const expiryBytes = 8;

const keyPattern = /^([A-Za-z0-9_-]{1,16}):([A-Za-z0-9_-]{43})$/;
const envelopePattern = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]+)$/;

/** A new key for `keys`: an id, a colon and 32 random bytes in base64url. Keep it secret. */
export function generateKey(): string {
  return `${randomBytes(6).toString("base64url")}:${randomBytes(keyBytes).toString("base64url")}`;
}

/**
 * Seals with its first key and opens with all of them, so that a new key in front signs nobody out.
 *
 * An envelope is `<key id>.<nonce, ciphertext and tag>` (AES-256-GCM). Purpose, cookie name and key id are
 * authenticated with it, its expiry lies inside. Nonces are random: replace a key before it has sealed 2^32 envelopes
 * (NIST SP 800-38D §8.3).
 */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, Key>;
  readonly #first: Key;

  /** @throws TypeError if there is no key, one is malformed, or two have the same id. Never shows a key. */
  constructor(keys: readonly string[]) {
    const parsed = keys.map(parseKey);
    this.#keys = new Map(parsed.map((key) => [key.id, key]));
    const [first] = parsed;
    if (!first) throw new TypeError("keys must hold at least one key, made by generateKey()");
    if (this.#keys.size < parsed.length) throw new TypeError("Two of the keys have the same id");
    this.#first = first;
  }

  /** `expiresAt` is in milliseconds since the epoch: from then on it opens no more, whatever the cookie's Max-Age says. */
  seal(purpose: SealPurpose, cookieName: string, value: string, expiresAt: number): string {
    const { id, of } = this.#first;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, of.get(purpose)!, nonce);
    cipher.setAAD(context(purpose, cookieName, id));
    const expiry = Buffer.alloc(expiryBytes);
    expiry.writeDoubleBE(expiresAt);
    const parts = [nonce, cipher.update(expiry), cipher.update(value, "utf8"), cipher.final()];
    return `${id}.${Buffer.concat([...parts, cipher.getAuthTag()]).toString("base64url")}`;
  }

  /**
   * What was sealed, or undefined for everything that this ring did not seal for this purpose and name, or that has
   * expired. There is no weaker way to read it (CVE-2026-39324).
   */
  open(purpose: SealPurpose, cookieName: string, envelope: string, now: number): string | undefined {
    const [, id = "", body = ""] = envelopePattern.exec(envelope) ?? [];
    const key = this.#keys.get(id);
    const bytes = Buffer.from(body, "base64url");
    if (!key || bytes.length < nonceBytes + expiryBytes + tagBytes) return undefined;
    // Another spelling of the same bytes is no envelope of ours.
    if (bytes.toString("base64url") !== body) return undefined;
    const decipher = createDecipheriv(algorithm, key.of.get(purpose)!, bytes.subarray(0, nonceBytes));
    decipher.setAAD(context(purpose, cookieName, id));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    } catch {
      return undefined;
    }
    return now < plain.readDoubleBE(0) ? plain.toString("utf8", expiryBytes) : undefined;
  }
}

function context(purpose: SealPurpose, cookieName: string, keyId: string): Buffer {
  return Buffer.from(`${purpose}\n${cookieName}\n${keyId}`);
}

function parseKey(text: string): Key {
  const [, id, secret] = (typeof text === "string" && keyPattern.exec(text)) || [];
  if (!id || !secret) {
    throw new TypeError("A key must be an id, a colon and 32 bytes in base64url, as generateKey() makes it");
  }
  const bytes = Buffer.from(secret, "base64url");
  const derived = purposes.map((purpose) => [purpose, derive(bytes, purpose)] as const);
  return { id, of: new Map(derived) };
}

function derive(key: Buffer, purpose: SealPurpose): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `coatcheck ${purpose}`, keyBytes));
}
