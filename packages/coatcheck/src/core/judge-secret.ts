/** The rule about the secret of a token, the same for sessions and remembered browsers: pure, without a clock. */
import { type ClientInfo, tolerantFingerprint } from "./fingerprint.ts";
import type { Renewable } from "./renewal.ts";
import type { PendingRenewal } from "./store.ts";
import { type SessionToken, sameHash } from "./token.ts";

/** What the secret of a token says about whoever presents it. */
export type SecretVerdict<R> =
  /** The current secret. */
  | { readonly kind: "current"; readonly record: R }
  /** The successor of a pending renewal, seen for the first time: the renewal can be completed. */
  | { readonly kind: "confirm"; readonly record: R; readonly pending: PendingRenewal }
  /** The old secret of a pending renewal from the client that renewed: the successor may have been lost on the way. */
  | { readonly kind: "resend"; readonly record: R; readonly pending: PendingRenewal }
  /** A replaced secret within its grace. */
  | { readonly kind: "grace"; readonly record: R }
  /**
   * The right family with a secret that was replaced before. `isFormer` if the record still has that secret, with a grace
   * that is over: by another clock it may not be. Every other is stolen by any clock.
   */
  | { readonly kind: "theft"; readonly record: R; readonly isFormer: boolean }
  /** A guess: the family was never given out for this record. */
  | { readonly kind: "rejected"; readonly reason: "unknown" };

/** The client is looked at only while a renewal is pending. */
export function judgeSecret<R extends Renewable & { readonly familyHash: string }>(
  record: R,
  token: SessionToken,
  request: { readonly client?: ClientInfo },
  now: number,
): SecretVerdict<R> {
  const presented = token.secretHash;
  const { pending } = record;
  if (sameHash(presented, record.secretHash)) {
    return pending && sameHash(pending.fingerprint, tolerantFingerprint(token, request.client ?? {}))
      ? { kind: "resend", record, pending }
      : { kind: "current", record };
  }
  if (pending && sameHash(presented, pending.secretHash)) return { kind: "confirm", record, pending };
  if (record.superseded.some((former) => now < former.until && sameHash(presented, former.secretHash))) {
    return { kind: "grace", record };
  }
  const isFormer = record.superseded.some((former) => sameHash(presented, former.secretHash));
  return sameHash(token.familyHash, record.familyHash)
    ? { kind: "theft", record, isFormer }
    : { kind: "rejected", reason: "unknown" };
}
