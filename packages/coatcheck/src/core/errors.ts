/** Errors with a stable `code`. They carry facts and a `cause`, never a secret. Misuse is a plain `TypeError`. */
import type { EndReason } from "./store.ts";

abstract class CoatcheckError extends Error {
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * The store did not answer, or not in time. Nobody was signed out: answer 503 with `Retry-After` and keep the
 * cookie. A write may or may not have happened.
 */
export class StoreUnavailableError extends CoatcheckError {
  readonly code = "store-unavailable";
  readonly operation: string;

  constructor(operation: string, cause: unknown) {
    super(`The session store failed at ${operation}`, { cause });
    this.operation = operation;
  }
}

/** A sign-in that was correct in itself was refused; no session was left. */
export class SignInRefusedError extends CoatcheckError {
  /**
   * - `session-limit`: the user has as many sessions as the policy allows, and it says `refuse`.
   * - `sign-in-outdated`: `stillValid` said no; the password changed or the user was disabled meanwhile.
   */
  readonly code: "session-limit" | "sign-in-outdated";

  constructor(code: SignInRefusedError["code"]) {
    super(
      code === "session-limit"
        ? "The user has reached the limit of concurrent sessions"
        : "The account changed while the user was signing in",
    );
    this.code = code;
  }
}

/** An operation on the session of a request that has none. */
export class NotSignedInError extends CoatcheckError {
  readonly code = "not-signed-in";

  constructor() {
    super("The request has no session");
  }
}

/** Why a session's `signal` was aborted: the session under which something was opened has ended. */
export class SessionEndedError extends CoatcheckError {
  readonly code = "session-ended";
  /** Undefined if nobody knows: it is gone from the store, and left no trace there. */
  readonly reason: EndReason | undefined;

  constructor(reason: EndReason | undefined) {
    super(reason ? `The session ended: ${reason}` : "The session ended");
    this.reason = reason;
  }
}

/** Session data that the schema refuses or that is no JSON. Nothing was written. */
export class InvalidDataError extends CoatcheckError {
  readonly code = "invalid-data";
  /** What is wrong, without the values. */
  readonly issues: readonly string[];

  constructor(issues: readonly string[]) {
    super(`The session data is not valid: ${issues.join("; ")}`);
    this.issues = issues;
  }
}

/** `update` with a function lost every race against other writers. Nothing was written. */
export class DataConflictError extends CoatcheckError {
  readonly code = "data-conflict";

  constructor() {
    super("The session data kept changing during the update");
  }
}

/** Too many attempts, or too many tokens that were never ours: nothing is known about the session of the request. */
export class ThrottledError extends CoatcheckError {
  readonly code = "throttled";
  /** When to try again, in whole seconds. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super(`Too many attempts; try again in ${retryAfter} s`);
    this.retryAfter = retryAfter;
  }
}

/** Every error that the library throws on purpose, to switch over by `code`. */
export type AnyCoatcheckError =
  | StoreUnavailableError
  | SignInRefusedError
  | NotSignedInError
  | SessionEndedError
  | ThrottledError
  | InvalidDataError
  | DataConflictError;
