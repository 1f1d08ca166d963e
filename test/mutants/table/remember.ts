/** Remembered browsers: how they come back, are found out, and are forgotten. */
import type { Mutants } from "../mutant.ts";

const comesBack = "A remembered browser comes back, in memory";
const isStolen = "Stolen remember tokens, in memory";
const isForgotten = "A remembered browser is forgotten, in memory";
const adapter = "The adapter for the web standard";
const tests = "coatcheck/test/remember/remember-me.test.ts";
const races = "coatcheck/test/remember/races.test.ts";

export const rememberMutants: Mutants = {
  "brings a browser back after its thirty days": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/judge-remember.ts",
    text: `if (verdict.kind === "rejected" || now < record.expiresAt) return verdict;`,
    becomes: "return verdict;",
    killedBy: [
      tests,
      `${isForgotten} it ends thirty days after the sign-in, used or not, whatever the cookie says (CVE-2015-8314)`,
    ],
  },
  "lets a use prolong the thirty days": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/remembered.ts",
    text: "const expiresAt = Math.min(record.expiresAt, record.createdAt + rememberFor);",
    becomes: "const expiresAt = record.lastUsedAt + rememberFor;",
    killedBy: [
      tests,
      `${isForgotten} it ends thirty days after the sign-in, used or not, whatever the cookie says (CVE-2015-8314)`,
    ],
  },
  "keeps browsers remembered that a policy of today would not": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/remembered.ts",
    text: "const expiresAt = Math.min(record.expiresAt, record.createdAt + rememberFor);",
    becomes: "const { expiresAt } = record;",
    killedBy: [
      tests,
      `${isForgotten} a shorter time holds for browsers that were remembered before: after a change to aal2 none comes back`,
    ],
  },
  "does not notice a copied remember token": {
    breaks: "B21",
    file: "coatcheck/src/remember/remember-token.ts",
    text: `if (verdict.kind === "theft") return endStolen(house, verdict, client);`,
    becomes: `if (verdict.kind === "theft") return;`,
    killedBy: [
      tests,
      `${isStolen} an old token after its grace is theft although the session lives: the browser and its session end`,
    ],
  },
  "forgets a stolen browser and lets its session live": {
    breaks: "B21",
    file: "coatcheck/src/core/ends.ts",
    text: "if (forgotten && forgotten.sessionId !== except) await endForgotten(house, forgotten, reason);",
    becomes: "",
    killedBy: [
      tests,
      `${isStolen} an old token after its grace is theft although the session lives: the browser and its session end`,
    ],
  },
  "does not begin the grace at the first sight of the session that a browser came back with": {
    breaks: "B21",
    file: "coatcheck/src/core/examination.ts",
    text: "if (isUnseen(record) && !(await confirmReturn(house, record.id))) continue;",
    becomes: "",
    killedBy: [
      tests,
      `${isStolen} an old token after its grace is theft although the session lives: the browser and its session end`,
    ],
  },
  "leaves the user's other sessions to a thief where the policy says to end them": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/remember-token.ts",
    text: `if (house.policy.onRememberTheft === "user") await revokeAll(house, userId, "theft", undefined);`,
    becomes: "",
    killedBy: [
      tests,
      `${isStolen} by policy a stolen token ends all sessions of the user, and forgets all browsers`,
    ],
  },
  "takes whoever knows the id of a browser for its thief": {
    breaks: "B21",
    file: "coatcheck/src/remember/judge-remember.ts",
    text: "const verdict = judgeSecret(record, token, request, now);",
    becomes: `const judged = judgeSecret(record, token, request, now);
  const verdict = judged.kind === "rejected" ? { kind: "theft" as const, record, isFormer: false } : judged;`,
    killedBy: [
      tests,
      `${isStolen} an id, or an id and a family that were never ours, open nothing and end nothing (CVE-2022-39263)`,
    ],
  },
  "sends the same remember token at each use": {
    breaks: "B21",
    file: "coatcheck/src/remember/resume.ts",
    text: "const remember = { token: token.successor(salt), expiresAt };",
    becomes: "const remember = { token, expiresAt };",
    killedBy: [
      tests,
      `${comesBack} each morning brings another token, and the one of the day before is used up`,
    ],
  },
  "takes a late tab for a thief": {
    breaks: "B21",
    file: "coatcheck/src/remember/resume.ts",
    text: `if (verdict.kind === "grace") return session ? goOn(session, token) : refused;`,
    becomes: `if (verdict.kind === "grace") return refused;`,
    killedBy: [tests, `${comesBack} a late tab goes on in the same session, without a cookie`],
  },
  "gives each tab that comes back a session of its own": {
    breaks: "B21",
    file: "coatcheck/src/remember/resume.ts",
    text: "if (pending && (session || (!ended && mayBegin(house.policy, pending, now)))) {",
    becomes: `if (pending && verdict.kind === "confirm" as never) {`,
    killedBy: [
      tests,
      `${comesBack} ten tabs restored at browser start all succeed, end with one session and one next token, and raise no alarm`,
    ],
  },
  "brings back a user who was disabled": {
    breaks: "B21",
    file: "coatcheck/src/remember/resume.ts",
    text: "if (stillValid && !(await stillValid(userId))) {",
    becomes: "if (stillValid && (await stillValid(userId)) === undefined) {",
    killedBy: [tests, `${isForgotten} a user who was disabled does not come back`],
  },
  "lets a browser in without looking whether it is still remembered": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/resume.ts",
    text: "if (now?.sessionId === sessionId) return named;",
    becomes: "return named;",
    killedBy: [
      races,
      "a device that comes back while it is ended with all others stays out, after every single step",
    ],
  },
  "leaves a session that began after its browser was forgotten": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/resume.ts",
    text: `  await revoke(house, sessionId, "revoked");
  return "refused";`,
    becomes: `  return "refused";`,
    killedBy: [
      races,
      "a device that comes back while it is ended with all others stays out, after every single step",
    ],
  },
  "goes on where the session was ended and the browser not yet": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/resume.ts",
    text: `if (ended && ended !== "expired") {`,
    becomes: `if (ended === "logout") {`,
    killedBy: [
      races,
      "a node that dies while a browser comes back after it evicted a device lets nobody back: the session says why it ended",
    ],
  },
  "takes a return for a sign-in with the password": {
    breaks: "B21",
    file: "coatcheck/src/core/beginnings.ts",
    text: `const amr = ["remember"];`,
    becomes: `const amr = ["pwd"];`,
    killedBy: [
      tests,
      `${comesBack} coming back proves nothing: the session says how it began and is never recent`,
    ],
  },
  "counts a return as the moment when the user proved who they are": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/beginnings.ts",
    text: "const record = { ...unseen(fresh, token, client), authenticatedAt };",
    becomes: "const record = unseen(fresh, token, client);",
    killedBy: [
      tests,
      `${comesBack} who proved again who they are comes back as of then, under a token that no copy of the old one follows`,
    ],
  },
  "lets a copied token in where the fingerprint is to be rejected": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/remember/resume.ts",
    text: `if (reaction && reaction !== "report") {`,
    becomes: `if (reaction === "step-up") {`,
    killedBy: [
      tests,
      `${isStolen} in another browser a copied token opens nothing where the policy is to reject: its owner goes on`,
    ],
  },
  "ends a stolen session and leaves its browser remembered": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/examination.ts",
    text: `  await forgetWith(house, record.id, "theft");
`,
    becomes: "",
    killedBy: [tests, `${isStolen} a stolen session cookie ends the browser as well`],
  },
  "evicts a device and leaves it remembered": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/beginnings.ts",
    text: `if (reason === "evicted") await forgetWith(house, ended.id, reason);`,
    becomes: "",
    killedBy: [tests, `${isForgotten} a device evicted by another sign-in stays out, awake or asleep`],
  },
  "signs out and leaves the browser remembered": {
    breaks: "B21",
    file: "coatcheck/src/http/request-auth.ts",
    text: `    await this.#browser.forget("logout", session);
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} remember me sign-out forgets the browser and clears both cookies, also when its session is long gone`,
    ],
  },
  "leaves a browser remembered for whoever signed in there before": {
    breaks: "B21",
    file: "coatcheck/src/http/request-auth.ts",
    text: `    await this.#browser.forget("replaced", replacing);
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/adapters/web.test.ts",
      `${adapter} remember me signing in without being remembered forgets the browser`,
    ],
  },
  "replaces a session and leaves its browser remembered": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/beginnings.ts",
    text: `  if (replacing?.userId === userId) await forgetWith(house, replacing.id, "replaced");
`,
    becomes: "",
    killedBy: [
      races,
      "a sign-in that is remembered replaces a session with the browser that it had, cookie or not",
    ],
  },
  "remembers the browser of a sign-in that was refused": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/core/beginnings.ts",
    text: "if (remember && !inserted) await house.remembered?.delete(remember.token.id);",
    becomes: "",
    killedBy: [races, "a sign-in that is remembered and refused at the limit leaves nobody remembered"],
  },
  "uses a remembered browser twice at one revision": {
    breaks: "B21",
    file: "coatcheck/src/stores/memory/remember.ts",
    text: " || record.secretRevision !== secretRevision",
    becomes: "",
    killedBy: [
      "coatcheck/test/stores/memory.test.ts",
      "Remembered browsers in memory races parallel uses at one revision: exactly one is true, and what it wrote stays",
    ],
  },
  "gives one session to two browsers": {
    breaks: "protections/remember-me",
    file: "coatcheck/src/stores/memory/remember.ts",
    text: `    if (change.sessionId !== undefined && this.#idsBySession.has(change.sessionId)) return false;
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/stores/memory.test.ts",
      "Remembered browsers in memory races a session that several browsers are to have becomes that of one",
    ],
  },
};
