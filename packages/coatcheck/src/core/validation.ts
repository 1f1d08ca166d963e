/** A presented token, and what became of it. */
import type { ClientInfo } from "./fingerprint.ts";
import type { Rejection } from "./judge.ts";
import type { Session } from "./session.ts";
import type { SessionToken } from "./token.ts";

/** What is known about the request whose token is validated. */
export interface TokenRequest {
  readonly client?: ClientInfo;
  /** Whether the answer can carry a cookie. Without it no renewal is started. Default false. */
  readonly canRenew?: boolean;
}

/** What `validate` says. */
export type Validation<D> = ValidSession<D> | { readonly ok: false; readonly rejection: Rejection };

export interface ValidSession<D> {
  readonly ok: true;
  readonly session: Session<D>;
  /** The token as it was presented. */
  readonly token: SessionToken;
  /** A token to send to the client in place of the presented one. */
  readonly successor: SessionToken | undefined;
  /** The presented secret is being replaced: it opens ordinary doors, and never counts as a recent sign-in. */
  readonly superseded: boolean;
}
