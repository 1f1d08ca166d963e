/** The rules about a presented token: `judge`, `judgeSecret`, and the deadlines of a policy. */
import type { Mutants } from "../mutant.ts";

const tests = "coatcheck/test/core/judge.test.ts";

export const judgeMutants: Mutants = {
  "takes a session on the millisecond of its absolute deadline for alive": {
    breaks: "B2",
    file: "coatcheck/src/core/policy.ts",
    text: "now >= record.createdAt + policy.absoluteTimeout",
    becomes: "now > record.createdAt + policy.absoluteTimeout",
    killedBy: [
      tests,
      "judge ends a session at the very millisecond of its absolute deadline, however lately it was used",
    ],
  },
  "has no absolute deadline": {
    breaks: "B8",
    file: "coatcheck/src/core/policy.ts",
    text: `if (now >= record.createdAt + policy.absoluteTimeout) return "absolute-timeout";`,
    becomes: "",
    killedBy: [
      tests,
      "judge ends a session at the very millisecond of its absolute deadline, however lately it was used",
    ],
  },
  "takes a session on the millisecond of its idle deadline for alive": {
    breaks: "B2",
    file: "coatcheck/src/core/policy.ts",
    text: "now >= record.lastSeenAt + policy.idleTimeout || now >= record.expiresAt",
    becomes: "now > record.lastSeenAt + policy.idleTimeout || now > record.expiresAt",
    killedBy: [tests, "judge ends a session at the very millisecond of its idle deadline"],
  },
  "forgets a deadline that was stored under a tighter policy": {
    breaks: "promise 8",
    file: "coatcheck/src/core/policy.ts",
    text: " || now >= record.expiresAt",
    becomes: "",
    killedBy: [tests, "judge holds to a deadline that was stored under a tighter policy"],
  },
  "leaves sessions of a looser policy as they were stored": {
    breaks: "promise 8",
    file: "coatcheck/src/core/policy.ts",
    text: "now >= record.lastSeenAt + policy.idleTimeout || ",
    becomes: "",
    killedBy: [tests, "judge applies a tighter policy to sessions that were stored under a looser one"],
  },
  "judges without looking at the clock": {
    breaks: "B8",
    file: "coatcheck/src/core/judge.ts",
    text: `  const expired = expiry(policy, found, now);
  if (expired) return { kind: "rejected", reason: expired };
`,
    becomes: "",
    killedBy: [tests, "judge lets nothing out of an expired session, whatever the secret"],
  },
  "finds theft in an expired session": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/core/judge.ts",
    text: `if (verdict.kind === "rejected") return verdict;`,
    becomes: `if (verdict.kind === "rejected" || verdict.kind === "theft") return verdict;`,
    killedBy: [tests, "judge lets nothing out of an expired session, whatever the secret"],
  },
  "tells whoever asks why a session ended": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/core/judge.ts",
    text: "now < found.until && sameHash(found.familyHash, token.familyHash)",
    becomes: "now < found.until",
    killedBy: [tests, "judge tells the reason of an end to a token of the family, and to nobody else"],
  },
  "takes whoever knows the id for a former owner": {
    breaks: "decisions/0001-three-part-token",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "return sameHash(token.familyHash, record.familyHash)",
    becomes: "return true",
    killedBy: [tests, "judge takes a wrong family for a guess, which says nothing and changes nothing"],
  },
  "takes every replaced secret for a guess": {
    breaks: "promise 4",
    file: "coatcheck/src/core/judge-secret.ts",
    text: `? { kind: "theft", record, isFormer }
    : { kind: "rejected", reason: "unknown" };`,
    becomes: `? { kind: "rejected", reason: "unknown" }
    : { kind: "rejected", reason: "unknown" };`,
    killedBy: [tests, "judge takes the right family with any other secret for theft, at any age"],
  },
  "lets any secret of the right family in": {
    breaks: "decisions/0001-three-part-token",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "if (sameHash(presented, record.secretHash)) {",
    becomes: "if (sameHash(token.familyHash, record.familyHash)) {",
    killedBy: [tests, "judge takes the right family with any other secret for theft, at any age"],
  },
  "sends the successor to whoever has the old secret": {
    breaks: "promise 4",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "pending && sameHash(pending.fingerprint, tolerantFingerprint(token, request.client ?? {}))",
    becomes: "pending",
    killedBy: [
      tests,
      "judge accepts the old secret of a pending renewal from another client, and sends it nothing",
    ],
  },
  "never sends a lost successor again": {
    breaks: "promise 4",
    file: "coatcheck/src/core/judge-secret.ts",
    text: `? { kind: "resend", record, pending }`,
    becomes: `? { kind: "current", record }`,
    killedBy: [
      tests,
      "judge accepts the old secret of a pending renewal and sends the same successor to the same client",
    ],
  },
  "does not know the successor that it sent": {
    breaks: "promise 4",
    file: "coatcheck/src/core/judge-secret.ts",
    text: `if (pending && sameHash(presented, pending.secretHash)) return { kind: "confirm", record, pending };`,
    becomes: "",
    killedBy: [tests, "judge takes the first sight of the successor for its confirmation, from any client"],
  },
  "has no grace": {
    breaks: "B10",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "now < former.until && sameHash(presented, former.secretHash)",
    becomes: "false",
    killedBy: [tests, "judge accepts a replaced secret up to the last millisecond of its grace"],
  },
  "has a grace without end": {
    breaks: "B10",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "now < former.until && sameHash(presented, former.secretHash)",
    becomes: "sameHash(presented, former.secretHash)",
    killedBy: [tests, "judge accepts a replaced secret up to the last millisecond of its grace"],
  },
  "accepts a replaced secret one millisecond too long": {
    breaks: "promise 4",
    file: "coatcheck/src/core/judge-secret.ts",
    text: "now < former.until",
    becomes: "now <= former.until",
    killedBy: [tests, "judge accepts a replaced secret up to the last millisecond of its grace"],
  },
  "tells a tombstone's reason after its time": {
    breaks: "how-sessions-work",
    file: "coatcheck/src/core/judge.ts",
    text: "now < found.until && ",
    becomes: "",
    killedBy: [tests, "judge tells why a session ended for as long as its tombstone counts, and no longer"],
  },
  "takes a thief for an odd client": {
    breaks: "protections/fingerprint",
    file: "coatcheck/src/core/judge.ts",
    text: `if (verdict.kind === "theft") return verdict;`,
    becomes: "",
    killedBy: [tests, "judge asks for the fingerprint last: what is dead or stolen is that for every client"],
  },
  "compares only the beginning of hashes": {
    breaks: "decisions/0001-three-part-token",
    file: "coatcheck/src/core/token.ts",
    text: "for (let at = 0; at < a.length; at++) difference",
    becomes: "for (let at = 0; at < a.length - 1; at++) difference",
    killedBy: [
      "coatcheck/test/core/token.test.ts",
      "hashes are equal only to themselves; other lengths and no ASCII are simply unequal (CVE-2019-16782)",
    ],
  },
};
