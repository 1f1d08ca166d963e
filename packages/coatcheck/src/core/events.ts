/** What happens to sessions, for observers. Events carry the public id, never a token. */
import type { ClientInfo } from "./fingerprint.ts";
import type { FingerprintReaction } from "./fingerprint-policy.ts";
import type { Rejection } from "./judge.ts";
import type { EndReason } from "./store.ts";
import type { SessionId } from "./token.ts";

interface AboutSession {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly sessionId: SessionId;
  readonly userId: string;
}

/**
 * One thing that happened. Each end of a session is told at most once, by the node that ended it; `expired` is best
 * effort, since stores may drop what expired on their own.
 */
export type SessionEvent =
  | (AboutSession & {
      readonly type: "created";
      readonly client: ClientInfo;
      readonly amr: readonly string[];
    })
  /** A successor was issued. */
  | (AboutSession & { readonly type: "renewed"; readonly client: ClientInfo })
  | (AboutSession & {
      readonly type: "reauthenticated";
      readonly client: ClientInfo;
      readonly amr: readonly string[];
    })
  /** Signed out, ended from a list, or ended with all others. */
  | (AboutSession & {
      readonly type: "revoked";
      readonly reason: EndReason;
      /**
       * It was a browser that was remembered and whose session this operation did not end. It goes by the session that it
       * had last, or was about to have, of whose end it says nothing.
       */
      readonly remember?: true;
    })
  /** Ended because a new session exceeded the limit. */
  | (AboutSession & { readonly type: "evicted" })
  /** Ended because the same browser signed in again. */
  | (AboutSession & { readonly type: "replaced" })
  | (AboutSession & { readonly type: "expired" })
  /** A replaced secret came back after its grace; the session was revoked. `client` presented it. */
  | (AboutSession & {
      readonly type: "theft";
      readonly client: ClientInfo;
      /** It was the token of a remembered browser, which ended. The end of its session is told by `revoked`. */
      readonly remember?: true;
    })
  /**
   * A session's token came from `client`, which is unlike the one that signed in, and what was done about it. Told
   * once of each such client by each node, and of no more than eight of a session; of a revocation always.
   */
  | (AboutSession & {
      readonly type: "fingerprint";
      readonly reaction: FingerprintReaction;
      readonly client: ClientInfo;
      readonly signedIn: ClientInfo;
    })
  /** A presented token opened nothing. */
  | {
      readonly type: "rejected";
      readonly at: number;
      readonly reason: Rejection["reason"];
      readonly sessionId: SessionId | undefined;
      readonly client: ClientInfo;
      /** It was presented as the token of a remembered browser. */
      readonly remember?: true;
    }
  /** An unsafe request came from another site, or without the CSRF token of its session. */
  | {
      readonly type: "csrf";
      readonly at: number;
      readonly reason: "cross-origin" | "token";
      readonly client: ClientInfo;
    }
  /**
   * Too many attempts failed under an account, or from an address, and a further one was refused; or so many tokens that
   * were never ours came from an address that no more are looked up (told once, when it begins). Says nothing of what
   * was submitted: people type their password there.
   */
  | {
      readonly type: "throttled";
      readonly at: number;
      readonly by: "account" | "client" | "tokens";
      readonly client: ClientInfo;
      /** In milliseconds. */
      readonly retryAfter: number;
    }
  /** Stored data no longer fits the schema and could not be migrated; it was read as empty, and kept. */
  | (AboutSession & { readonly type: "data-unreadable"; readonly issues: readonly string[] });

/** Sees events; cannot change what happens. What it throws is reported. */
export type SessionObserver = (event: SessionEvent) => void | Promise<void>;

/** Reports what nobody waits for. The default prints to `console.warn`. */
export type Warn = (message: string, cause?: unknown) => void;
