/** How sessions begin. */
import { type ClientInfo, tolerantFingerprint } from "./fingerprint.ts";
import { boundClient } from "./fingerprint-policy.ts";
import { deadline, type SessionPolicy } from "./policy.ts";
import type { RememberStore } from "./remember-store.ts";
import type { RememberTicket } from "./remembered.ts";
import { firstSecret } from "./renewal.ts";
import type { Session } from "./session.ts";
import type { SessionRecord } from "./store.ts";
import { renewalSalt, type SessionToken } from "./token.ts";

/** What a sign-in says about itself. */
export interface SignIn<D> {
  /** How the user proved who they are, after RFC 8176. Default `["pwd"]`. */
  readonly amr?: readonly string[];
  readonly data?: Partial<D>;
  /** Remember the browser: it may come back without signing in, for the policy's `rememberFor`. Default false. */
  readonly remember?: boolean;
  /**
   * Asked after the session was written: whether what was checked at sign-in still holds. With it, a password change
   * that runs meanwhile (write the user first, revoke then) never leaves a session behind.
   */
  readonly stillValid?: () => boolean | Promise<boolean>;
}

/** A new session and its ticket. */
export interface CreatedSession<D> {
  readonly session: Session<D>;
  readonly token: SessionToken;
  /** The token of the remembered browser, if it is to be remembered. */
  readonly remember?: RememberTicket;
}

/** What a visitor gathered before signing in. It came from outside: nobody vouches for it. */
export interface CarriedOver {
  /** Becomes data of the session, as far as it fits. */
  readonly values: Readonly<Record<string, unknown>>;
  /** One-time messages by name. */
  readonly messages: Readonly<Record<string, string>>;
}

/** A sign-in as `create` gets it. */
export interface SignInRequest<D> extends SignIn<D> {
  readonly client?: ClientInfo;
  /** The session that the browser presented. */
  readonly replacing?: Session<D> | undefined;
  /** Where `data` says something else, that wins. What does not fit the schema is dropped with a warning. */
  readonly carried?: CarriedOver | undefined;
}

const maximumUserId = 256;

/** The record of a session that begins now. */
export function newRecord(
  policy: SessionPolicy,
  userId: string,
  token: SessionToken,
  signedIn: Pick<SessionRecord, "amr" | "client" | "data" | "dataVersion">,
  now: number,
): SessionRecord {
  return {
    id: token.id,
    userId,
    ...firstSecret(token, now),
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    expiresAt: deadline(policy, now, now),
    dataRevision: 0,
    ...signedIn,
    ...boundClient(policy.fingerprint, token, signedIn.client),
  };
}

/** The record of a session whose token nobody has been sent yet: it waits for its first secret to be seen. */
export function unseen(record: SessionRecord, token: SessionToken, client: ClientInfo): SessionRecord {
  const pending = {
    secretHash: record.secretHash,
    salt: renewalSalt(),
    fingerprint: tolerantFingerprint(token, client),
    startedAt: record.createdAt,
  };
  return { ...record, secretHash: token.refreshed().secretHash, pending };
}

/** Whether nobody has presented the token of this session yet: every renewal advances the revision. */
export function isUnseen(record: SessionRecord): boolean {
  return record.pending !== undefined && record.secretRevision === 0;
}

/** @throws TypeError where no browser can be remembered, saying why. */
export function assertRemembering(remembered: RememberStore | undefined, policy: SessionPolicy): void {
  if (!remembered)
    throw new TypeError("remember: true needs a store that remembers browsers (store.remember)");
  if (policy.rememberFor === 0) {
    throw new TypeError(
      "remember: true is not allowed by the policy: rememberFor is 0, as under the levels aal2 and aal3",
    );
  }
}

/** @throws TypeError for a user id that some store could not keep apart from another. */
export function assertUserId(userId: string): void {
  if (
    typeof userId !== "string" ||
    userId === "" ||
    userId.length > maximumUserId ||
    !userId.isWellFormed()
  ) {
    throw new TypeError(
      `A user id must be a string of 1 to ${maximumUserId} characters of well-formed Unicode`,
    );
  }
}
