/** How sessions begin. */
import type { ClientInfo } from "./fingerprint.ts";
import { boundClient } from "./fingerprint-policy.ts";
import { deadline, type SessionPolicy } from "./policy.ts";
import type { Session } from "./session.ts";
import type { SessionRecord } from "./store.ts";
import type { SessionToken } from "./token.ts";

/** What a sign-in says about itself. */
export interface SignIn<D> {
  /** How the user proved who they are, after RFC 8176. Default `["pwd"]`. */
  readonly amr?: readonly string[];
  readonly data?: Partial<D>;
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
}

/** A sign-in as `create` gets it. */
export interface SignInRequest<D> extends SignIn<D> {
  readonly client?: ClientInfo;
  /** The session that the browser presented. */
  readonly replacing?: Session<D> | undefined;
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
    familyHash: token.familyHash,
    secretHash: token.secretHash,
    secretIssuedAt: now,
    superseded: [],
    secretRevision: 0,
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    expiresAt: deadline(policy, now, now),
    dataRevision: 0,
    ...signedIn,
    ...boundClient(policy.fingerprint, token, signedIn.client),
  };
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
