/**
 * Reads back the parts of a record that stores keep as JSON text. What cannot be read throws: a damaged session opens
 * nothing, and a rejected promise is an outage, not a "no".
 */
import type { ClientInfo } from "./fingerprint.ts";
import type { PendingRenewal, SupersededSecret } from "./store.ts";

/** What stands between quotation marks in JSON where nothing needs an escape. */
const plain = "([ !#-[\\]-\uffff]*)";

/** What most browsers say of themselves. */
const plainClient = new RegExp(`^\\{"ip":"${plain}","userAgent":"${plain}","language":"${plain}"\\}$`);

/** The client in a text, a plain one in a third of the time of `JSON.parse`; undefined if it cannot be read. */
export function clientIn(text: string): ClientInfo | undefined {
  const parts = plainClient.exec(text);
  if (!parts) return readIfWhole(text, isClient);
  const [, ip, userAgent, language] = parts as unknown as [string, string, string, string];
  return { ip, userAgent, language };
}

/** The client that must be in a text. */
export function readClient(text: string): ClientInfo {
  return demanded("client", clientIn(text));
}

/** The value of a part that must fit. The error names the part and never what stands in it. */
export function readStored<T>(part: string, text: string, fits: (value: unknown) => value is T): T {
  return demanded(part, readIfWhole(text, fits));
}

/** The value if it fits, else `undefined`: for those who go on without it, or say themselves what is damaged. */
export function readIfWhole<T>(text: string, fits: (value: unknown) => value is T): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its error would quote the text.
    return undefined;
  }
  return fits(value) ? value : undefined;
}

function demanded<T>(part: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`A stored session is damaged: its ${part} cannot be read`);
  return value;
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isClient(value: unknown): value is ClientInfo {
  return isObject(value) && Object.values(value).every(isText);
}

export function isPending(value: unknown): value is PendingRenewal {
  if (!isObject(value)) return false;
  const { secretHash, salt, fingerprint, startedAt } = value;
  return isTexts([secretHash, salt, fingerprint]) && Number.isFinite(startedAt);
}

export function isSuperseded(value: unknown): value is SupersededSecret[] {
  return Array.isArray(value) && value.every(isSupersededSecret);
}

function isSupersededSecret(value: unknown): boolean {
  return isObject(value) && isText(value.secretHash) && Number.isFinite(value.until);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}
