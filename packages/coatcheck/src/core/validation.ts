/** A presented token, and what became of it. */
import type { ClientInfo } from "./fingerprint.ts";
import type { Rejection } from "./judge.ts";
import type { Session } from "./session.ts";
import type { SessionToken } from "./token.ts";

/** What is known about the request whose token is validated. */
export interface TokenRequest {
  /** Without it the fingerprint is not judged: the caller does not know who asks. */
  readonly client?: ClientInfo;
  /** Whether the answer can carry a cookie. Without it no renewal is started. Default false. */
  readonly canRenew?: boolean;
  /** Asks the store itself, whatever a cache has: for what must not happen after a sign-out elsewhere. Default false. */
  readonly strict?: boolean;
  /** Whether it counts as use. False for what a page asks by itself: it must keep nobody signed in. Default true. */
  readonly touch?: boolean;
}

/** What `validate` says. */
export type Validation<D> = ValidSession<D> | RefusedToken<D>;

export interface RefusedToken<D> {
  readonly ok: false;
  readonly rejection: Rejection;
  /**
   * With the rejection `step-up`: the session that opens again when its user proves who they are. It counts as signed
   * in for nothing else but that and for signing out.
   */
  readonly locked?: Pick<ValidSession<D>, "session" | "token">;
  /** With the rejection `fingerprint`: the session, which lives on. It can be signed out, and opens nothing else. */
  readonly turnedAway?: Session<D>;
}

export interface ValidSession<D> {
  readonly ok: true;
  readonly session: Session<D>;
  /** The token as it was presented. */
  readonly token: SessionToken;
  /** A token to send to the client in place of the presented one. */
  readonly successor: SessionToken | undefined;
  /** The presented secret is being replaced: it opens ordinary doors, and never counts as a recent sign-in. */
  readonly superseded: boolean;
  /** Whether a cache said so. Left out where the store itself was asked. */
  readonly recent?: boolean;
}
