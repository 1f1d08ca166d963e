/**
 * The least that a guard over stored sessions does, whoever writes it: finds the cookie, looks its session up, compares a
 * hash, looks at the clock, and tells caches that the answer is nobody else's. No second deadline, no renewal, no theft, no
 * client, no origin, no limits: what our rows take more than this is what those cost.
 */
import { hash, randomBytes } from "node:crypto";
import type { Keeping, Kept } from "./keeping.ts";

const cookieName = "__Host-session=";
const idLength = 22;
const lifetime = 30 * 60_000;

/** What caches are told of an answer to one person. */
export const forOne = { "Cache-Control": "no-store", Vary: "Cookie" } as const;

/** The cookie of a new session. */
export async function signIn(keeping: Keeping, userId: string): Promise<string> {
  const id = randomBytes(16).toString("base64url");
  const secret = randomBytes(32).toString("base64url");
  await keeping.put(id, { userId, secretHash: sha256(secret), expiresAt: Date.now() + lifetime });
  return `${cookieName}${id}.${secret}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}

/** At once, where sessions are at hand. */
export function findSession(
  keeping: Keeping,
  cookies: string | undefined,
): Kept | undefined | Promise<Kept | undefined> {
  const value = ticketIn(cookies);
  if (value === undefined) return undefined;
  const found = keeping.find(value.slice(0, idLength));
  return found instanceof Promise ? found.then((kept) => opened(kept, value)) : opened(found, value);
}

export async function signOut(keeping: Keeping, cookies: string | undefined): Promise<void> {
  const value = ticketIn(cookies);
  if (value && (await findSession(keeping, cookies))) await keeping.remove(value.slice(0, idLength));
}

function ticketIn(cookies: string | undefined): string | undefined {
  const at = cookies?.indexOf(cookieName) ?? -1;
  if (at === -1) return undefined;
  const end = cookies!.indexOf(";", at);
  return cookies!.slice(at + cookieName.length, end === -1 ? undefined : end);
}

function opened(kept: Kept | undefined, value: string): Kept | undefined {
  if (!kept || Date.now() >= kept.expiresAt) return undefined;
  return isSame(sha256(value.slice(idLength + 1)), kept.secretHash) ? kept : undefined;
}

function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

function sha256(text: string): string {
  return hash("sha256", text, "base64url");
}
