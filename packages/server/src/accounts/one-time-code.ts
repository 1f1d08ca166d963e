/** Codes that stand in links and are good once. Whoever has one may do what it is for, so only its hash is at rest. */
import { createHash, randomBytes } from "node:crypto";

export interface OneTimeCode {
  /** For the link, and for nothing else. */
  readonly code: string;
  readonly hash: string;
}

export function newOneTimeCode(): OneTimeCode {
  const code = randomBytes(32).toString("base64url");
  return { code, hash: codeHash(code) };
}

/** Tolerates the spaces that copying adds. */
export function codeHash(code: string): string {
  return createHash("sha256").update(code.replace(/\s/g, "")).digest("base64url");
}
