/** What some deeds demand beyond a sign-in. */
import { type Problem, type RequestAuth, recentAuth, type Session } from "coatcheck";
import { forbidden } from "../problems.ts";
import type { Accounts } from "./accounts.ts";
import type { Identity } from "./identify.ts";

/** Says what is missing; undefined if nothing is. */
export type Demand = (
  identity: Identity,
  auth: RequestAuth,
) => Problem | undefined | Promise<Problem | undefined>;

/** How long the password counts as just typed, in milliseconds: 10 minutes. */
const recently = 10 * 60_000;

const isRecent = recentAuth(recently);
const isRecentUnused = recentAuth(recently, { peek: true });

/** The user typed their password a moment ago. A remembered browser never did (ASVS 7.5.1). */
export const recentSignIn: Demand = ({ session }, auth) => isRecent(session, auth);

/** As `recentSignIn`, but to ask is no use of the session. For who was identified without using it. */
export const recentSignInUnused: Demand = ({ session }, auth) => isRecentUnused(session, auth);

/** Whether it still holds, for what goes on for long. */
export function isStillRecent({ authenticatedAt }: Session, now: number): boolean {
  return now - authenticatedAt < recently;
}

/** Whoever is none and asks all the same is recorded. */
export function administrator(accounts: Accounts): Demand {
  return ({ user }) => {
    if (user.roles.includes("admin")) return undefined;
    accounts.tellDenied(user);
    return forbidden();
  };
}
