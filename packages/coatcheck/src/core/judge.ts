/** The rule that decides about a presented token: pure, without a clock and without I/O. */
import type { ComparedRequest } from "./fingerprint.ts";
import { type FingerprintReaction, suspicion } from "./fingerprint-policy.ts";
import { judgeSecret, type SecretVerdict } from "./judge-secret.ts";
import { expiry, type SessionPolicy } from "./policy.ts";
import {
  type EndedSession,
  type EndReason,
  isEnded,
  type PendingRenewal,
  type SessionRecord,
} from "./store.ts";
import { type SessionToken, sameHash } from "./token.ts";

/** Why a token opens nothing. */
export type Rejection =
  /** No token was presented. */
  | { readonly reason: "absent" }
  /** Several cookies of the session's name were presented: they count as none. */
  | { readonly reason: "duplicate" }
  /** What was presented is no token. */
  | { readonly reason: "malformed" }
  /** Tickets are sealed, and what was presented does not open: forged, altered, plain, or under a key that is gone. */
  | { readonly reason: "unopened" }
  /** No such session, or a token that was never ours. Tells nothing about the session of that id. */
  | { readonly reason: "unknown" }
  | { readonly reason: "idle-timeout" | "absolute-timeout" }
  /** A replaced secret came back after its grace: the session was revoked. */
  | { readonly reason: "theft" }
  /** The client is unlike the one that signed in, and the policy is to reject. The session lives on. */
  | { readonly reason: "fingerprint" }
  /** The client is unlike the one that signed in: the user has to prove again who they are, in the same session. */
  | { readonly reason: "step-up" }
  /**
   * Too many tokens that were never ours came from this address: no more are looked up for `retryAfter` whole seconds.
   * Says nothing about the session, which may be sound.
   */
  | { readonly reason: "throttled"; readonly retryAfter: number }
  /** The session had ended; `ended` says why. Told only to a token of its family. */
  | { readonly reason: "ended"; readonly ended: EndReason };

interface Opens {
  readonly record: SessionRecord;
  /** The client is unlike the one that signed in, and the policy is only to report it. */
  readonly reaction?: "report";
}

/** The token opens its session. */
export type Accepted =
  /** The current secret. */
  | (Opens & { readonly kind: "current" })
  /** The successor of a pending renewal, seen for the first time: the renewal can be completed. */
  | (Opens & { readonly kind: "confirm"; readonly pending: PendingRenewal })
  /** The old secret of a pending renewal from the client that renewed: the successor may have been lost on the way. */
  | (Opens & { readonly kind: "resend"; readonly pending: PendingRenewal })
  /** A replaced secret within its grace. */
  | (Opens & { readonly kind: "grace" });

/** The token opens nothing. */
export type Refused =
  /** An accepted secret from a client unlike the one that signed in, and what the policy does about it. */
  | {
      readonly kind: "foreign";
      readonly record: SessionRecord;
      readonly reaction: Exclude<FingerprintReaction, "report">;
    }
  /** The right family with a secret that was replaced before. */
  | Extract<SecretVerdict<SessionRecord>, { kind: "theft" }>
  /** The session had ended, and the token was one of its own. */
  | { readonly kind: "ended"; readonly reason: EndReason }
  | { readonly kind: "rejected"; readonly reason: "unknown" | "idle-timeout" | "absolute-timeout" };

/** What `judge` says. */
export type Verdict = Accepted | Refused;

/**
 * Judges a presented token by what the store found under its id.
 *
 * The family tells a former ticket from a guess: a wrong family changes nothing, since ids are public and guessing
 * must not sign anyone out; the right family with any but an accepted secret is theft, at any age. The client is
 * looked at last, and only where the policy asks for its fingerprint or a renewal is pending.
 */
export function judge(
  policy: SessionPolicy,
  found: SessionRecord | EndedSession | undefined,
  token: SessionToken,
  request: ComparedRequest,
  now: number,
): Verdict {
  if (!found) return { kind: "rejected", reason: "unknown" };
  if (isEnded(found)) {
    return now < found.until && sameHash(found.familyHash, token.familyHash)
      ? { kind: "ended", reason: found.reason }
      : { kind: "rejected", reason: "unknown" };
  }

  const verdict = judgeSecret(found, token, request, now);
  if (verdict.kind === "rejected") return verdict;
  const expired = expiry(policy, found, now);
  if (expired) return { kind: "rejected", reason: expired };
  if (verdict.kind === "theft") return verdict;
  const reaction = suspicion(policy.fingerprint, found, token, request);
  if (!reaction) return verdict;
  return reaction === "report" ? { ...verdict, reaction } : { kind: "foreign", record: found, reaction };
}

/** What a refusal is called before the client. */
export function rejectionOf(verdict: Refused): Rejection {
  switch (verdict.kind) {
    case "rejected":
      return { reason: verdict.reason };
    case "ended":
      return { reason: "ended", ended: verdict.reason };
    case "theft":
      return { reason: "theft" };
    case "foreign":
      return foreignRejections[verdict.reaction];
  }
}

const foreignRejections = {
  reject: { reason: "fingerprint" },
  revoke: { reason: "ended", ended: "fingerprint" },
  "step-up": { reason: "step-up" },
} as const;
