/** The sessions of the growth measurements: most users have one, some have ten, a few have a thousand. */
import { type SessionRecord, SessionToken } from "coatcheck";
import { beginning, sessionRecord } from "coatcheck/testing";
import { signIn } from "./population.ts";

/** How many sessions a user has. */
export const crowds = [1, 10, 1_000] as const;

export type Crowd = (typeof crowds)[number];

/** A session and whose it is. */
export interface Member {
  readonly crowd: Crowd;
  readonly userId: string;
  readonly token: SessionToken;
}

/** When the sessions have begun: the clock of the measurements stands still. */
export const start: number = beginning;

/** When half of them have expired. */
export const halfExpired: number = start + 60 * 60_000;

/**
 * The session with this number, of `total`: of ten sessions one is of a user with a thousand, and one of a user with
 * ten. Those of a user are spread over all numbers.
 */
export function member(number: number, total: number): Member {
  const crowd = number % 10 === 0 ? 1_000 : number % 10 === 1 ? 10 : 1;
  const user = crowd === 1 ? number : Math.floor(number / 10) % Math.ceil(total / 10 / crowd);
  return memberOf(`user-${user}-of-${crowd}`, crowd);
}

/** A further session of this user. */
export function memberOf(userId: string, crowd: Crowd): Member {
  return { crowd, userId, token: SessionToken.generate(userId) };
}

/** They come in the order of their beginning, as a table is read, and were all used less than a touch's interval ago. */
export function recordOf({ userId, token }: Member, number: number): SessionRecord {
  const { id, familyHash, secretHash } = token;
  const { client = {}, data } = signIn(number);
  return sessionRecord({
    id,
    userId,
    familyHash,
    secretHash,
    createdAt: start - 60 * 60_000 + number,
    lastSeenAt: start - ((number * 7_919) % 30_000),
    expiresAt: number % 4 < 2 ? halfExpired : halfExpired + 60 * 60_000,
    client,
    data: JSON.stringify(data),
  });
}
