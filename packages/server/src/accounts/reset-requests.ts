/** How often somebody may ask for a reset mail: nobody's mailbox is to be filled, and nobody's outbox. */
import { createHash } from "node:crypto";
import { type ClientInfo, networkOf, type SessionManager, type ThrottleRule } from "coatcheck";
import { emailKey } from "./email.ts";

const minute = 60_000;

/** Whether or not anybody has the address: the answer must not tell. */
const perAddress: ThrottleRule = {
  free: 3,
  firstDelay: 5 * minute,
  longestDelay: 60 * minute,
  cap: Number.POSITIVE_INFINITY,
  forgetAfter: 24 * 60 * minute,
};

/** Many people may share a network. */
const perNetwork: ThrottleRule = {
  free: 20,
  firstDelay: minute,
  longestDelay: 15 * minute,
  cap: Number.POSITIVE_INFINITY,
  forgetAfter: 60 * minute,
};

/**
 * Counts a request. Undefined if it may be made; else how long not, in seconds.
 * @throws TypeError if the session store counts no attempts: a limit that is not kept would be none.
 */
export async function countResetRequest(
  { attempts, now }: SessionManager,
  email: string,
  { ip }: ClientInfo,
): Promise<number | undefined> {
  if (!attempts) throw new TypeError("The session store counts no attempts");
  const counted: readonly (readonly [key: string, rule: ThrottleRule])[] = [
    // First: who is refused by the network cannot use up anybody's address.
    ...(ip === undefined ? [] : [[keyOf("network", networkOf(ip)), perNetwork] as const]),
    [keyOf("address", emailKey(email)), perAddress],
  ];
  for (const [key, rule] of counted) {
    const answer = await attempts.attempt(key, rule, now());
    if (!answer.allowed) return Math.ceil(answer.retryAfter / 1000);
  }
  return undefined;
}

function keyOf(what: "address" | "network", text: string): string {
  return `reset-${what}:${createHash("sha256").update(text).digest("base64url")}`;
}
