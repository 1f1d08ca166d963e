/** The rule that decides about a presented remember token: pure, without a clock and without I/O. */
import type { ClientInfo } from "../core/fingerprint.ts";
import { judgeSecret, type SecretVerdict } from "../core/judge-secret.ts";
import type { RememberRecord } from "../core/remember-store.ts";
import type { SessionToken } from "../core/token.ts";

/** What `judgeRemember` says. */
export type RememberVerdict =
  | SecretVerdict<RememberRecord>
  /** The time for which the browser was remembered is over, used or not. */
  | { readonly kind: "rejected"; readonly reason: "absolute-timeout" };

/**
 * Judges a presented remember token by what the store found under its id.
 *
 * Knowing the id is not enough, the secret is always compared (CVE-2022-39263), and the end is that of the record,
 * whatever the cookie says (CVE-2015-8314). Of an expired browser nothing is stolen any more.
 */
export function judgeRemember(
  record: RememberRecord | undefined,
  token: SessionToken,
  request: { readonly client?: ClientInfo },
  now: number,
): RememberVerdict {
  if (!record) return { kind: "rejected", reason: "unknown" };
  const verdict = judgeSecret(record, token, request, now);
  if (verdict.kind === "rejected" || now < record.expiresAt) return verdict;
  return { kind: "rejected", reason: "absolute-timeout" };
}
