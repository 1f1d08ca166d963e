/**
 * The set-up link: whoever started the server, and nobody else, may create the first administrator.
 *
 * The code stands behind the `#` of the link. Browsers send that part to nobody, so it lands in no access log, no
 * proxy and no Referer; the page puts it into its form, or the person types it there. Only its hash is at rest.
 */
import { createHash, randomBytes } from "node:crypto";

export const setupLinkLifetime: number = 24 * 60 * 60_000;

export interface SetupCode {
  /** Shown once, to the person who starts the server. */
  readonly code: string;
  readonly hash: string;
}

export function newSetupCode(): SetupCode {
  const code = randomBytes(32).toString("base64url");
  return { code, hash: setupCodeHash(code) };
}

/** Tolerates the spaces that copying from a terminal adds. */
export function setupCodeHash(code: string): string {
  return createHash("sha256").update(code.replace(/\s/g, "")).digest("base64url");
}

export function setupLink(origin: string, code: string): string {
  return `${origin}/setup#${code}`;
}
