/** The application's keys, for the few things that only a key can protect: sealed cookies and what they carry. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

/** What an envelope is for. Sealed for one purpose and cookie name, it opens for no other. */
export type SealPurpose = "session" | "remember" | "device" | "carry-over" | "operator";

/** What became of an envelope. Of one that expired nothing is told but that it was ours. */
export type Opening =
  | { readonly kind: "opened"; readonly value: string }
  | { readonly kind: "expired" }
  | { readonly kind: "refused" };

interface Key {
  readonly id: string;
  /** One key for each purpose, derived at start: none of them tells anything about another. */
  readonly of: ReadonlyMap<SealPurpose, KeyObject>;
}

const purposes: readonly SealPurpose[] = ["session", "remember", "device", "carry-over", "operator"];
const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const expiryBytes = 8;
/** Named in every derived key: another format would have other keys, and neither would open the other's envelopes. */
const format = "coatcheck seal 1";

/** The last character of 32 bytes holds four bits: only these sixteen can be it. */
const keyPattern = /^([A-Za-z0-9_-]{1,16}):([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;
const envelopePattern = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]+)$/;
/** No browser keeps a longer cookie. */
const longestEnvelope = 4096;

const refused: Opening = { kind: "refused" };

/**
 * A new key for `keys`: an id, a colon and 32 random bytes in base64url. Keep it secret. The id is public, it stands
 * in every envelope; it begins with the day in UTC, so that everybody sees how old a key is.
 */
export function generateKey(now: number = Date.now()): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
  return `${day}-${randomBytes(3).toString("base64url")}:${randomBytes(keyBytes).toString("base64url")}`;
}

/**
 * Seals with its first key and opens with all of them, so that a new key in front signs nobody out.
 *
 * An envelope is `<key id>.<nonce, ciphertext and tag>` (AES-256-GCM, ASVS 11.3.2). Purpose, cookie name and key id
 * are authenticated with it (CVE-2023-48309: a token of one kind passed for another), its expiry lies inside
 * (CVE-2024-31999). Nonces are random: replace a key before it has sealed 2^32 envelopes of one purpose
 * (NIST SP 800-38D §8.3).
 */
export class KeyRing {
  #keys: ReadonlyMap<string, Key> = new Map();
  #first!: Key;

  /** @throws TypeError if there is no key, one is malformed, or two are the same. Never shows a key. */
  constructor(keys: readonly string[]) {
    this.replace(keys);
  }

  /** Ids of the keys, the one that seals first. Public. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /**
   * Takes other keys from the next envelope on, where they change while the application runs.
   * @throws TypeError as the constructor does, and keeps the keys that it had.
   */
  replace(keys: readonly string[]): void {
    if (!Array.isArray(keys)) throw new TypeError("keys must be a list of keys, made by generateKey()");
    const parsed = keys.map(parseKey);
    const [first] = parsed;
    if (!first) throw new TypeError("keys must hold at least one key, made by generateKey()");
    const byId = new Map(parsed.map((key) => [key.id, key]));
    if (byId.size < parsed.length) throw new TypeError("Two of the keys have the same id");
    if (new Set(keys.map((key) => key.slice(key.indexOf(":")))).size < keys.length) {
      throw new TypeError("Two of the keys are the same under different ids");
    }
    this.#keys = byId;
    this.#first = first;
  }

  /**
   * @param expiresAt milliseconds since the epoch: from then on it opens no more, whatever the cookie's Max-Age says.
   * @throws TypeError if `expiresAt` is no finite number: nothing is sealed for ever.
   */
  seal(purpose: SealPurpose, cookieName: string, value: string, expiresAt: number): string {
    if (!Number.isFinite(expiresAt)) throw new TypeError("What is sealed must expire at a finite time");
    const { id, of } = this.#first;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, of.get(purpose)!, nonce, { authTagLength: tagBytes });
    cipher.setAAD(context(purpose, cookieName, id));
    const expiry = Buffer.alloc(expiryBytes);
    expiry.writeDoubleBE(expiresAt);
    const parts = [nonce, cipher.update(expiry), cipher.update(value, "utf8"), cipher.final()];
    return `${id}.${Buffer.concat([...parts, cipher.getAuthTag()]).toString("base64url")}`;
  }

  /**
   * What was sealed, or undefined for everything that this ring did not seal for this purpose and name, or that has
   * expired. There is no weaker way to read it (CVE-2026-39324). Never throws; the work is linear in the length.
   */
  open(purpose: SealPurpose, cookieName: string, envelope: string, now: number): string | undefined {
    const opening = this.examine(purpose, cookieName, envelope, now);
    return opening.kind === "opened" ? opening.value : undefined;
  }

  /** As `open`, and tells an envelope that has expired from one that was never ours. */
  examine(purpose: SealPurpose, cookieName: string, envelope: string, now: number): Opening {
    const plain = this.#decrypted(purpose, cookieName, envelope);
    if (!plain) return refused;
    // An expiry that is no number is never ahead.
    if (!(now < plain.readDoubleBE(0))) return { kind: "expired" };
    return { kind: "opened", value: plain.toString("utf8", expiryBytes) };
  }

  #decrypted(purpose: SealPurpose, cookieName: string, envelope: string): Buffer | undefined {
    if (typeof envelope !== "string" || envelope.length > longestEnvelope) return undefined;
    const [, id = "", body = ""] = envelopePattern.exec(envelope) ?? [];
    const key = this.#keys.get(id);
    if (!key) return undefined;
    const bytes = Buffer.from(body, "base64url");
    if (bytes.length < nonceBytes + expiryBytes + tagBytes) return undefined;
    // Another spelling of the same bytes is no envelope of ours.
    if (bytes.toString("base64url") !== body) return undefined;
    const nonce = bytes.subarray(0, nonceBytes);
    const decipher = createDecipheriv(algorithm, key.of.get(purpose)!, nonce, { authTagLength: tagBytes });
    decipher.setAAD(context(purpose, cookieName, id));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const started = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    try {
      // Only here is the tag compared, in constant time; until then the plain text is nobody's.
      return Buffer.concat([started, decipher.final()]);
    } catch {
      return undefined;
    }
  }
}

/** Neither a purpose nor a cookie's name nor an id holds a line break: different contexts are different bytes. */
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

/** RFC 5869. Without salt: the key is random already. */
function derive(key: Buffer, purpose: SealPurpose): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync("sha256", key, "", `${format} ${purpose}`, keyBytes)));
}
