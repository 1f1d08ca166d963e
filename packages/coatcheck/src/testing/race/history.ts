/**
 * What happened in a race, as plain data: who asked what of which node, when, and what was answered. Times are
 * milliseconds of one clock, which all processes of the machine share.
 */

/** Everything that the checker needs to know. */
export interface RaceHistory {
  readonly terms: Terms;
  /** In any order. */
  readonly operations: readonly Operation[];
  /** The ends of sessions that nodes told of. */
  readonly ends: readonly ToldEnd[];
  /** What befell nodes and stores meanwhile. */
  readonly faults: readonly Span[];
}

/** What was promised. */
export interface Terms {
  /** How many live sessions each user may have. Who is not named may have any number. */
  readonly limits: Readonly<Record<string, number>>;
  /** So long after the end of a session another node may still open it, unless it is asked strictly. 0 without a cache. */
  readonly staleness: number;
  /** So long a replaced secret still opens ordinary doors. */
  readonly grace: number;
  /**
   * Whether nothing that was answered is ever lost. False where the race takes that away from the store, as a restart of
   * a database without persistence: then sessions may be gone, or be as they were, and only what is told is compared.
   */
  readonly durable: boolean;
}

/** Something that lasted. */
export interface Span {
  readonly what: string;
  readonly start: number;
  readonly end: number;
  /** The node whose clock was wrong. */
  readonly misjudges?: string;
}

/** A node told that a session ended. */
export interface ToldEnd {
  readonly node: string;
  readonly session: string;
  /** `revoked`, `evicted`, `replaced`, … */
  readonly type: string;
  readonly at: number;
}

/**
 * One operation. With an `answer` it was done. With `failed` it may have been done, and the node said that it does not
 * know: an outage. Without an `end` nobody answered at all: the node died.
 */
interface Operated<Do extends string, Asked, Answer> {
  readonly do: Do;
  readonly asked: Asked;
  readonly node: string;
  readonly start: number;
  readonly end?: number;
  readonly answer?: Answer;
  readonly failed?: string;
}

/** Tokens, sessions and remembered browsers go by short names. */
export type Operation =
  | Operated<"sign in", SignInAsked, SignedIn | Refused>
  | Operated<"resume", ResumeAsked, Resumed | Refused>
  | Operated<"validate", ValidateAsked, Opened | Refused>
  | Operated<"renew", { readonly token: string }, Renewed>
  /** The user proves again who they are: another token takes the place of all that the session has. */
  | Operated<"reauthenticate", { readonly token: string }, Reauthenticated>
  /** Writes a key of the session's data, a different value each time. False if the session is gone. */
  | Operated<"write", WriteAsked, boolean>
  /** Adds one to a key of the session's data. False if the session is gone. */
  | Operated<"count", { readonly session: string; readonly key: string }, boolean>
  /** Ends a session, and forgets its browser. False if there was neither. */
  | Operated<"revoke", { readonly session: string }, boolean>
  /** Ends all sessions of a user but one. Gives how many. */
  | Operated<"revoke all", RevokeAllAsked, number>
  /** Changes the credentials of a user and ends all their sessions then. */
  | Operated<"disable", DisableAsked, number>
  /** The live sessions of a user. */
  | Operated<"list", { readonly user: string }, readonly string[]>;

export type OperationOf<Do extends Operation["do"]> = Extract<Operation, { readonly do: Do }>;

export interface SignInAsked {
  readonly user: string;
  readonly remember: boolean;
  /** The credentials that were checked. `disable` advances them. */
  readonly credentials: number;
  /** The token that the browser presented. */
  readonly over?: string;
}

export interface SignedIn {
  readonly session: string;
  readonly token: string;
  /** The token of the remembered browser. */
  readonly remember?: string;
  /** The session that the new one took the place of. */
  readonly replaced?: string;
}

export interface Refused {
  readonly refused: string;
}

export interface ResumeAsked {
  readonly user: string;
  /** The token of the remembered browser. */
  readonly remember: string;
}

export interface Resumed {
  readonly session: string;
  /** Left out for who goes on in a session that another request was given. */
  readonly token?: string;
  readonly remember?: string;
}

export interface ValidateAsked {
  readonly token: string;
  /** Whether the answer can carry a cookie: a renewal that is due may begin. */
  readonly canRenew: boolean;
  /** Whether the store itself is to be asked. */
  readonly strict: boolean;
}

export interface Opened {
  readonly session: string;
  /** The token to send in place of the one that was presented. */
  readonly successor?: string;
  /** The presented secret is one that was replaced. */
  readonly superseded: boolean;
  /** Whether a cache said so. */
  readonly recent?: boolean;
  readonly data: Readonly<Record<string, number>>;
}

export interface Renewed {
  /** Left out where the token opens nothing, or is being replaced already. */
  readonly successor?: string;
}

export interface Reauthenticated {
  /** Left out where the token opens nothing. */
  readonly token?: string;
}

export interface WriteAsked {
  readonly session: string;
  readonly key: string;
  readonly value: number;
}

export interface RevokeAllAsked {
  readonly user: string;
  readonly except?: string;
}

export interface DisableAsked {
  readonly user: string;
  /** The credentials from now on: what was checked against lower ones no longer holds. */
  readonly credentials: number;
}

/** A promise that was broken. */
export interface Violation {
  readonly rule: Rule;
  /** What is wrong, in words. */
  readonly what: string;
  /** The operations that show it, in the order of their starts. */
  readonly operations: readonly Operation[];
}

/** What the checker looks for; each is explained in docs/race-suite.md. */
export type Rule =
  | "final"
  | "one successor"
  | "limit"
  | "no lost update"
  | "told once"
  | "nobody is signed out";

/** Whether it answered: it was done, or it was refused. Everything else may have been done. */
export function isAnswered<O extends Operation>(
  operation: O,
): operation is O & { readonly end: number; readonly answer: NonNullable<O["answer"]> } {
  return operation.end !== undefined && operation.answer !== undefined;
}

export function isRefused(answer: object): answer is Refused {
  return "refused" in answer;
}

/** When it was over for certain; never, if nobody answered, or nobody knows what was done. */
export function certainEnd(operation: Operation): number {
  return isAnswered(operation) ? operation.end : Number.POSITIVE_INFINITY;
}
