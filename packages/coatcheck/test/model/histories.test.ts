/** Histories that random ones found once, or that random ones find too seldom. */
import { describe, test } from "node:test";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import type { Step } from "../../src/testing/model/history.ts";
import { play } from "../../src/testing/model/play.ts";
import type { ModelPolicy } from "../../src/testing/model/session-model.ts";

const policy: ModelPolicy = {
  idleTimeout: 30 * 60_000,
  absoluteTimeout: 12 * 60 * 60_000,
  renewAfter: 60 * 60_000,
  grace: 30_000,
  touchInterval: 60_000,
  maxSessions: Number.POSITIVE_INFINITY,
  onLimit: "evict-oldest",
};

const signIn: Step = { do: "sign in", who: 0, user: 0, stillValid: true, answer: "arrives" };
const use: Step = { do: "use", who: 0, canRenew: true, answer: "arrives" };
const renew: Step = { do: "renew", who: 0, answer: "arrives" };
const reauthenticate: Step = { do: "reauthenticate", who: 0, answer: "arrives" };
const stolen: readonly Step[] = [
  signIn,
  { do: "steal", who: 0, client: 0 },
  renew,
  use,
  { do: "wait", part: 1, of: "grace" },
];
const thief = 3;

function repeated(times: number, ...steps: readonly Step[]): Step[] {
  return Array.from({ length: times }, () => steps).flat();
}

const histories: Readonly<Record<string, readonly Step[]>> = {
  "an expired session that is revoked was not ended by that": [
    signIn,
    { do: "wait until", session: 0, due: "idle", off: 0 },
    { do: "revoke", session: 0, by: "anyone" },
  ],
  "expired sessions are not counted among those that revokeAll ended": [
    signIn,
    { do: "wait until", session: 0, due: "absolute", off: 0 },
    { do: "revoke all", user: 0, except: undefined },
  ],
  "a tombstone is told for a day, pruned or not": [
    signIn,
    { do: "revoke", session: 0, by: "owner" },
    { do: "wait until", session: 0, due: "tombstone", off: -1 },
    use,
    { do: "wait", part: 1, of: "touchInterval" },
    use,
  ],
  "a stolen token that is to be renewed gives the theft away": [
    ...stolen,
    { do: "renew", who: thief, answer: "arrives" },
    use,
  ],
  "a stolen token that re-authenticates gives the theft away": [
    ...stolen,
    { do: "reauthenticate", who: thief, answer: "arrives" },
    use,
  ],
  "a request that is slower than many renewals is no thief's": [
    signIn,
    { do: "send", who: 0 },
    ...repeated(12, renew, use),
    { do: "receive", who: 0, answer: "arrives" },
    use,
  ],
  "renewals go on when the grace of former ones is over": [
    signIn,
    ...repeated(9, renew, use),
    { do: "wait", part: 1, of: "grace" },
    renew,
    use,
  ],
  "many re-authentications at once crowd out the oldest secret": [
    signIn,
    { do: "send", who: 0 },
    ...repeated(12, reauthenticate),
    use,
    { do: "receive", who: 0, answer: "lost" },
  ],
  "the clock goes back after a renewal, and the grace with it": [
    signIn,
    { do: "steal", who: 0, client: 0 },
    { do: "renew", who: thief, answer: "arrives" },
    { do: "renew", who: thief, answer: "late" },
    { do: "wait", part: -0.01, of: "grace" },
  ],
  "a lost answer is sent again, as often as it takes": [
    signIn,
    ...repeated(5, { do: "renew", who: 0, answer: "lost" }, { do: "wait", part: 1, of: "touchInterval" }),
    { do: "use", who: 0, canRenew: true, answer: "arrives" },
    use,
  ],
};

describe("the history in which", () => {
  for (const [name, steps] of Object.entries(histories)) {
    test(name, () => play({ policy, steps }, new MemorySessionStore()));
  }
});
