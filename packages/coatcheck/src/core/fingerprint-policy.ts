/**
 * What is done about a token that comes from a client unlike the one that proved who they are: the rule is pure, what
 * it says is done by the manager. A fingerprint is a hint, no proof: whoever copies a cookie can copy headers too.
 */
import {
  alike,
  type ClientInfo,
  type ComparedRequest,
  type FingerprintSignals,
  fingerprint,
} from "./fingerprint.ts";
import type { SessionRecord } from "./store.ts";
import { type SessionToken, sameHash } from "./token.ts";

/**
 * What becomes of a request from another client.
 *
 * - `report`: it passes, and an event says so.
 * - `reject`: it is not signed in. The session lives on for the client that it belongs to.
 * - `revoke`: the session ends. A stolen cookie opens nothing more, and its owner has to sign in again.
 * - `step-up`: it is not signed in until the user proves again who they are, in this session.
 */
export type FingerprintReaction = "report" | "reject" | "revoke" | "step-up";

/** Compares the same signals of both sides. */
export interface FingerprintComparison {
  /** Default `tolerant`. */
  readonly signals: FingerprintSignals;
  /** Default `report`. */
  readonly onMismatch: FingerprintReaction;
}

/**
 * A rule of the application's own. It is asked at each validation: keep it fast. `signedIn` is the client that last
 * proved who they are, without its `encoding`.
 */
export type FingerprintRule = (signedIn: ClientInfo, now: ClientInfo) => "ok" | FingerprintReaction;

export type FingerprintPolicy = "off" | FingerprintComparison | FingerprintRule;

const signals: readonly string[] = ["tolerant", "strict"] satisfies FingerprintSignals[];
const reactions: readonly string[] = [
  "report",
  "reject",
  "revoke",
  "step-up",
] satisfies FingerprintReaction[];

/** @throws TypeError if it is none of what it may be. */
export function resolveFingerprint(
  option: "off" | Partial<FingerprintComparison> | FingerprintRule = {},
): FingerprintPolicy {
  if (option === "off" || typeof option === "function") return option;
  if (typeof option !== "object" || option === null) {
    throw new TypeError('policy.fingerprint must be "off", { signals, onMismatch } or a function');
  }
  const comparison = { signals: option.signals ?? "tolerant", onMismatch: option.onMismatch ?? "report" };
  if (!signals.includes(comparison.signals)) {
    throw new TypeError(`policy.fingerprint.signals must be one of ${signals.join(", ")}`);
  }
  if (!reactions.includes(comparison.onMismatch)) {
    throw new TypeError(`policy.fingerprint.onMismatch must be one of ${reactions.join(", ")}`);
  }
  return comparison;
}

/** What tells clients apart under this policy. */
export function comparedSignals(policy: FingerprintPolicy): FingerprintSignals {
  return typeof policy === "object" ? policy.signals : "tolerant";
}

/** What is stored of the client that proves who they are, and what later ones are compared with. */
export function boundClient(
  policy: FingerprintPolicy,
  token: SessionToken,
  client: ClientInfo,
): Pick<SessionRecord, "client" | "fingerprint"> {
  const { encoding: _, ...stored } = client;
  const isCompared = typeof policy === "object" && saysAnything(client);
  return {
    client: stored,
    ...(isCompared && { fingerprint: bound(token, policy.signals, client) }),
  };
}

/**
 * What the policy does about this client; undefined if there is nothing to be said against it.
 *
 * No verdict where there is nothing to compare: the caller knows of no client, the session was begun by one that said
 * nothing of itself, or under other signals. A client that says nothing now is unlike one that did.
 */
export function suspicion(
  policy: FingerprintPolicy,
  record: SessionRecord,
  token: SessionToken,
  request: ComparedRequest,
): FingerprintReaction | undefined {
  if (policy === "off" || isUnchanged(policy, record, request)) return undefined;
  const { client } = request;
  if (!client) return undefined;
  if (typeof policy === "function") return reactionOf(policy(record.client, client));
  return isLike(policy.signals, record, token, client) ? undefined : policy.onMismatch;
}

/** The usual case, at a fraction of the cost of all that is known of the client: equal headers have equal tolerant signals. */
function isUnchanged(
  policy: Exclude<FingerprintPolicy, "off">,
  record: SessionRecord,
  request: ComparedRequest,
): boolean {
  return (
    typeof policy === "object" &&
    policy.signals === "tolerant" &&
    request.saysTheSameAs?.(record.client) === true
  );
}

/** The same of a remembered browser, of which the store keeps no digest but the texts: they are compared. */
export function suspicionOfReturning(
  policy: FingerprintPolicy,
  remembered: ClientInfo,
  returning: ClientInfo,
): FingerprintReaction | undefined {
  if (policy === "off") return undefined;
  if (typeof policy === "function") return reactionOf(policy(remembered, returning));
  const isLike = !saysAnything(remembered) || alike(policy.signals, remembered, returning);
  return isLike ? undefined : policy.onMismatch;
}

function isLike(
  signals: FingerprintSignals,
  record: SessionRecord,
  token: SessionToken,
  client: ClientInfo,
): boolean {
  if (!record.fingerprint?.startsWith(`${signals}:`)) return true;
  // Without the cost of a digest.
  if (signals === "tolerant" && saysTheSame(record.client, client)) return true;
  return sameHash(record.fingerprint, bound(token, signals, client));
}

function bound(token: SessionToken, signals: FingerprintSignals, client: ClientInfo): string {
  return `${signals}:${fingerprint(token, signals, client)}`;
}

function saysAnything({ userAgent, language, encoding }: ClientInfo): boolean {
  return userAgent !== undefined || language !== undefined || encoding !== undefined;
}

function saysTheSame(a: ClientInfo, b: ClientInfo): boolean {
  return a.userAgent === b.userAgent && a.language === b.language;
}

function reactionOf(answer: "ok" | FingerprintReaction): FingerprintReaction | undefined {
  if (answer === "ok") return undefined;
  if (reactions.includes(answer)) return answer;
  throw new TypeError(`The function policy.fingerprint must return "ok" or one of ${reactions.join(", ")}`);
}
