/** What programs are told when the answer is no (RFC 9457). */
import {
  NotSignedInError,
  SessionEndedError,
  SignInRefusedError,
  StoreUnavailableError,
  ThrottledError,
} from "../core/errors.ts";
import type { EndReason } from "../core/store.ts";

/** A problem document. The last two members are extensions of ours. */
export interface Problem {
  /** Which problem it is: stable, for programs to compare. A name rather than a link: nothing to host, nothing to break. */
  readonly type: `urn:coatcheck:problem:${string}`;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Why the session ended. */
  readonly reason?: EndReason;
  /** When to try again, in seconds; also sent as `Retry-After`. */
  readonly retryAfter?: number;
}

const endings: Readonly<Record<EndReason, string>> = {
  logout: "You signed out on this device.",
  revoked: "This session was ended from a list of devices or by an administrator.",
  evicted: "You signed in on another device and reached the limit of concurrent sessions.",
  replaced: "You signed in again in this browser.",
  theft: "An outdated copy of this session's cookie was used, so the session was ended for your safety.",
  fingerprint:
    "This session's cookie was used from another browser, so the session was ended for your safety.",
  expired: "The session was idle too long or reached its maximum age.",
  "credentials-changed": "Your password or another credential was changed.",
  "account-changed": "Your account or its rights were changed.",
};

/**
 * 401. Give a reason only if the request carried a token of the ended session's family; everybody else learns nothing
 * about what was, or was not, there.
 */
export function notSignedIn(reason?: EndReason): Problem {
  return {
    type: "urn:coatcheck:problem:not-signed-in",
    title: "Not signed in",
    status: 401,
    ...(reason && { detail: endings[reason], reason }),
  };
}

/** 403. Signed in, but too long ago for this. */
export function reauthenticationRequired(): Problem {
  return {
    type: "urn:coatcheck:problem:reauth-required",
    title: "Recent authentication required",
    status: 403,
    detail: "Confirm who you are and try again.",
  };
}

/** 403. The request came from another site, or without a CSRF token of the session. */
export function csrfFailed(): Problem {
  return { type: "urn:coatcheck:problem:csrf", title: "CSRF validation failed", status: 403 };
}

/** 403. Signed in, but not allowed to. */
export function forbidden(): Problem {
  return { type: "urn:coatcheck:problem:forbidden", title: "Forbidden", status: 403 };
}

/** 409. The limit of concurrent sessions is reached, and the policy is to refuse. */
export function sessionLimitReached(): Problem {
  return {
    type: "urn:coatcheck:problem:session-limit",
    title: "Session limit reached",
    status: 409,
    detail: "Sign out on another device and try again.",
  };
}

/** 429. Too many attempts failed. The same words for every account, whether or not it exists. `retryAfter` is in whole seconds. */
export function tooManyAttempts(retryAfter: number): Problem {
  return {
    type: "urn:coatcheck:problem:too-many-attempts",
    title: "Too many attempts",
    status: 429,
    detail: "Too many attempts failed. Wait, then try again.",
    retryAfter,
  };
}

/** 503. The session store does not answer: nobody is signed out, nobody is let in. `retryAfter` is in whole seconds. */
export function storeUnavailable(retryAfter = 5): Problem {
  return {
    type: "urn:coatcheck:problem:store-unavailable",
    title: "Service temporarily unavailable",
    status: 503,
    retryAfter,
  };
}

/** The problem that an error of the library is to the client; undefined for all others. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof StoreUnavailableError) return storeUnavailable();
  if (error instanceof NotSignedInError) return notSignedIn();
  if (error instanceof SessionEndedError) return notSignedIn(error.reason);
  if (error instanceof ThrottledError) return tooManyAttempts(error.retryAfter);
  if (error instanceof SignInRefusedError) {
    return error.code === "session-limit" ? sessionLimitReached() : notSignedIn();
  }
  return undefined;
}

/** The headers that go with a problem. */
export function problemHeaders(problem: Problem): Record<string, string> {
  return {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    // RFC 9110 §15.5.2 demands a challenge; a scheme of our own, for at `Basic` browsers open a dialogue.
    ...(problem.status === 401 && { "www-authenticate": 'Cookie realm="session"' }),
    ...(problem.retryAfter !== undefined && { "retry-after": String(problem.retryAfter) }),
  };
}

/** A problem as a response. */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(problem) });
}
