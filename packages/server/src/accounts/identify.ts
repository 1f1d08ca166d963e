/** Joins a request's session with the user it belongs to, as that user is now. */
import type { EndReason, Rejection, RequestAuth, Session } from "coatcheck";
import type { Accounts } from "./accounts.ts";
import type { User } from "./user.ts";

export interface Identity {
  readonly session: Session;
  readonly user: User;
}

/** Who sent a request; if nobody that is known, why a session of theirs ended. */
export type Identification =
  | { readonly signedIn: true; readonly identity: Identity }
  | {
      readonly signedIn: false;
      readonly reason: EndReason | undefined;
      /** The session was not looked up, for so many seconds: too many invented ones came from this address. */
      readonly retryAfter?: number;
    };

/** How far the clocks of two nodes may differ. */
const tolerableSkew = 5_000;

/**
 * A session of a user who is gone or disabled opens nothing, nor does one from before the password changed. Both were
 * revoked when that happened; this holds even if the server died between the two writes.
 *
 * One from before the password changed is refused but not ended: it may be the one that is changing it, and about to
 * be authenticated anew.
 */
export async function identify(accounts: Accounts, auth: RequestAuth): Promise<Identification> {
  const validation = await auth.validation();
  if (!validation.ok) return unidentified(validation.rejection);
  const { session } = validation;
  const user = await accounts.find(session.userId);
  const reason = whyInvalid(session, user);
  if (user && !reason) return { signedIn: true, identity: { session, user } };
  if (reason === "account-changed") await auth.sessions.revoke(session.id, { reason });
  return { signedIn: false, reason };
}

/** As `identify`, but it is no use of the session, and says nothing of one that is none any more. */
export async function identifyUnused(accounts: Accounts, auth: RequestAuth): Promise<Identity | undefined> {
  const session = await auth.peek();
  const user = session && (await accounts.find(session.userId));
  return session && user && !whyInvalid(session, user) ? { session, user } : undefined;
}

function unidentified(rejection: Rejection): Identification {
  const { retryAfter } = rejection.reason === "throttled" ? rejection : {};
  return { signedIn: false, reason: endReason(rejection), ...(retryAfter && { retryAfter }) };
}

function whyInvalid(session: Session, user: User | undefined): EndReason | undefined {
  if (!user || user.disabled) return "account-changed";
  return session.authenticatedAt + tolerableSkew < user.credentialsChangedAt
    ? "credentials-changed"
    : undefined;
}

/** What may be told about a rejected token; a guess or a malformed one is told nothing. */
function endReason(rejection: Rejection): EndReason | undefined {
  switch (rejection.reason) {
    case "ended":
      return rejection.ended;
    case "theft":
      return "theft";
    case "idle-timeout":
    case "absolute-timeout":
      return "expired";
    default:
      return undefined;
  }
}
