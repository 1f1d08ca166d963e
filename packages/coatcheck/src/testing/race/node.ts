/**
 * What takes part in a race: one node of some session layer, ours or another's. A method that rejects says that it does
 * not know whether it was done: an outage. Everything else is an answer.
 */
import type { Opened, Reauthenticated, Refused, Renewed, Resumed, SignedIn } from "./history.ts";

/** Called when the node tells that a session ended. */
export type EndListener = (session: string, type: string) => void;

/** What a node is told at its start. All times are in milliseconds. */
export interface RaceSettings {
  /** What becomes of a sign-in beyond the limit of a user, which `limitOf` gives. */
  readonly onLimit: "evict-oldest" | "refuse";
  /** A secret that is older is replaced by `validate` with `canRenew`. */
  readonly renewAfter: number;
  readonly grace: number;
  readonly touchInterval: number;
  /** How long one operation of the store may take. */
  readonly timeout: number;
  /** How old what a cache says may be, for nodes that have one. */
  readonly staleness: number;
}

/** Tokens and the names of sessions are any text. Leave out what the session layer does not have: it is not asked then. */
export interface RaceNode {
  /**
   * Signs a user in.
   * @param options.over the token that the browser presented: its session is replaced if it opens one.
   * @param options.stillValid whether the user is still allowed in, asked while the sign-in is under way.
   */
  signIn(user: string, options: SignInOptions): Promise<SignedIn | Refused>;

  /** Says whose session a token opens. `refused: "ended"` is said of a session that has ended, and of no other. */
  validate(token: string, options: ValidateOptions): Promise<Opened | Refused>;

  /** Ends a session; false if there was none. */
  revoke(session: string): Promise<boolean>;

  /** Ends all sessions of a user but one; gives how many. */
  revokeAll(
    user: string,
    options: { readonly except?: string; readonly reason: RevokeReason },
  ): Promise<number>;

  /** Gives the token a successor, unless it opens nothing or is being replaced. */
  renew?(token: string): Promise<Renewed>;

  /** Gives the session of the token another one, which has nothing to do with it, unless it opens nothing. */
  reauthenticate?(token: string): Promise<Reauthenticated>;

  /** A session for a remembered browser, by the token that a sign-in gave. */
  resume?(remember: string, options: Pick<SignInOptions, "stillValid">): Promise<Resumed | Refused>;

  /** Writes a key of the session's data; false if the session is gone. */
  write?(session: string, key: string, value: number): Promise<boolean>;

  /** Adds one to a key of the session's data; false if the session is gone. */
  count?(session: string, key: string): Promise<boolean>;

  /** The live sessions of a user. */
  list?(user: string): Promise<readonly string[]>;

  /** Calls back whenever this node ended a session and would say so in an audit. */
  onEnd?(listener: EndListener): void;

  /** Whether the node would take requests. Asked after faults. */
  ready?(): Promise<boolean>;

  /** Puts the node's clock so many milliseconds beside the machine's. */
  setClock?(offset: number): void;
}

export interface SignInOptions {
  readonly remember: boolean;
  readonly over?: string;
  readonly stillValid: () => Promise<boolean>;
}

export interface ValidateOptions {
  readonly canRenew: boolean;
  readonly strict: boolean;
}

export type RevokeReason = "revoked" | "account-changed";

/** The methods that nodes may leave out. */
export type Ability =
  | "renew"
  | "reauthenticate"
  | "resume"
  | "write"
  | "count"
  | "list"
  | "onEnd"
  | "ready"
  | "setClock";

/** How many sessions a user of a race may have: the number at the end of their name, if there is one. */
export function limitOf(user: string): number {
  const [, maximum] = /-at-most-(\d+)$/.exec(user) ?? [];
  return maximum === undefined ? Number.POSITIVE_INFINITY : Number(maximum);
}

/** The clock of a race, in milliseconds: on Linux one for all processes of the machine (`CLOCK_MONOTONIC`). */
export function raceTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
