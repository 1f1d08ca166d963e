/** The limit of concurrent sessions. */
import type { Mutants } from "../mutant.ts";

const limit = "the limit of concurrent sessions";
const memory = "coatcheck/test/stores/memory.test.ts";
const signIn = "coatcheck/test/core/sign-in.test.ts";
const record = "coatcheck/src/core/record.ts";

export const limitMutants: Mutants = {
  "lets one session more in than the limit": {
    breaks: "B11",
    file: record,
    text: "if (tooMany <= 0) return ended;",
    becomes: "if (tooMany <= 1) return ended;",
    killedBy: [signIn, `${limit} ends the oldest and tells it why`],
  },
  "evicts one session where there are several too many": {
    breaks: "B11",
    file: record,
    text: "staying.sort(byAge).slice(0, tooMany)",
    becomes: "staying.sort(byAge).slice(0, 1)",
    killedBy: [memory, "The store memory limit as many of the oldest leave as it takes"],
  },
  "evicts the newest session": {
    breaks: "B11",
    file: record,
    text: "return a.createdAt - b.createdAt ||",
    becomes: "return b.createdAt - a.createdAt ||",
    killedBy: [signIn, `${limit} ends the oldest and tells it why`],
  },
  "evicts where the policy is to refuse": {
    breaks: "B11",
    file: record,
    text: `  if (limit.exceeded === "refuse") return undefined;
`,
    becomes: "",
    killedBy: [signIn, `${limit} refuses the newcomer where the policy says so, and leaves nothing of it`],
  },
  "counts the session that is replaced": {
    breaks: "B11",
    file: record,
    text: "else if (record.id === limit.replacing) ended",
    becomes: "else if (record.id === limit.replacing && false) ended",
    killedBy: [signIn, `${limit} does not count the session that is replaced, nor expired ones`],
  },
  "counts sessions that have expired": {
    breaks: "B11",
    file: record,
    text: "if (!isLive(record, now)) ended",
    becomes: "if (record.expiresAt === now + 1) ended",
    killedBy: [signIn, `${limit} does not count the session that is replaced, nor expired ones`],
  },
  "checks the limit, then signs in": {
    breaks: "B11",
    file: "coatcheck/src/stores/memory.ts",
    text: "if (ended.length === 0) this.#assertRoom(now);",
    becomes: `await null;
    if (ended.length === 0) this.#assertRoom(now);`,
    killedBy: [
      memory,
      "The store memory races parallel sign-ins under a limit that refuses end exactly at the limit",
    ],
  },
  "takes a limit that is not known for none": {
    breaks: "protections/concurrent-sessions",
    file: "coatcheck/src/core/policy.ts",
    text: `  assertMaximum(maximum);
  return maximum;`,
    becomes: "  return maximum || Number.POSITIVE_INFINITY;",
    killedBy: [signIn, `${limit} that is not known lets nobody in, and ends nobody`],
  },
  "asks for a user's limit once and for all": {
    breaks: "protections/concurrent-sessions",
    file: "coatcheck/src/core/beginnings.ts",
    text: "maximum: await maximumFor(house.policy, record.userId),",
    becomes: `maximum: await maximumFor(house.policy, ""),`,
    killedBy: [
      signIn,
      `${limit} may be a function of the user, asked at each sign-in: by roles, for instance (logto#7214)`,
    ],
  },
};
