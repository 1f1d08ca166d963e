/** The states of a secret, and the conditional writes from one to the next. */
import type { Mutants } from "../mutant.ts";

const tests = "coatcheck/test/core/renewal.test.ts";

export const renewalMutants: Mutants = {
  "derives another successor for each request": {
    breaks: "B10",
    file: "coatcheck/src/core/token.ts",
    text: "return SessionToken.#of(this.id, this.#family, hmac(this.#secret, salt));",
    becomes: "return SessionToken.#of(this.id, this.#family, random(32));",
    killedBy: [
      tests,
      "renewal sends the same successor again while nobody has seen it, however often answers are lost",
    ],
  },
  "derives the successor from the salt alone, which is at rest": {
    breaks: "promise 7",
    file: "coatcheck/src/core/token.ts",
    text: "return SessionToken.#of(this.id, this.#family, hmac(this.#secret, salt));",
    becomes: "return SessionToken.#of(this.id, this.#family, hmac(salt, salt));",
    killedBy: [
      "coatcheck/test/core/token.test.ts",
      "tokens have a successor that only their own secret leads to: not the salt, nor another secret of the session",
    ],
  },
  "renews by overwriting: who loses the race sends a cookie too": {
    breaks: "B10",
    file: "coatcheck/src/core/secret-changes.ts",
    text: "const condition = { secretRevision: record.secretRevision };",
    becomes: "const condition = {};",
    killedBy: [tests, "renewal gives parallel requests one successor, and all of them pass"],
  },
  "sends a successor though its renewal was not written": {
    breaks: "B10",
    file: "coatcheck/src/core/secret-changes.ts",
    text: "if (!(await changeSecret(house, record, { secret }))) return undefined;",
    becomes: "await changeSecret(house, record, { secret });",
    killedBy: [tests, "renewal gives parallel requests one successor, and all of them pass"],
  },
  "begins a renewal while one is under way": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: "return !record.pending && ",
    becomes: "return ",
    killedBy: [tests, "renewal does not begin while one is pending"],
  },
  "renews in an answer that carries no cookie": {
    breaks: "promise 4",
    file: "coatcheck/src/core/secret-changes.ts",
    text: "if (!request.canRenew) return undefined;",
    becomes: "",
    killedBy: [tests, "renewal sends it in no answer that carries no cookie"],
  },
  "renews one request too late": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: "return now >= secretIssuedAt + renewAfter;",
    becomes: "return now > secretIssuedAt + renewAfter;",
    killedBy: [tests, "renewal begins at the first request after an hour that can carry a cookie"],
  },
  "takes a renewal that cannot be written for an outage": {
    breaks: "promise 6",
    file: "coatcheck/src/core/secret-changes.ts",
    text: `    house.warn("A renewal could not be written; the session goes on with its present secret", cause);
    return undefined;`,
    becomes: "    throw cause;",
    killedBy: [tests, "renewal goes on with the present secret when it cannot be written"],
  },
  "drops the old secret as soon as the renewal begins": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: `    secretHash: record.secretHash,
    secretIssuedAt: record.secretIssuedAt,
    pending:`,
    becomes: `    secretHash: successor.secretHash,
    secretIssuedAt: record.secretIssuedAt,
    pending:`,
    killedBy: [
      tests,
      "renewal sends the same successor again while nobody has seen it, however often answers are lost",
    ],
  },
  "forgets the old secret as soon as its successor is seen": {
    breaks: "B10",
    file: "coatcheck/src/core/renewal.ts",
    text: "superseded: supersede(record, [record.secretHash], grace, now),",
    becomes: "superseded: supersede(record, [], grace, now),",
    killedBy: [
      tests,
      "renewal accepts the old secret for the grace after the successor was seen, without a cookie",
    ],
  },
  "never completes a renewal": {
    breaks: "promise 4",
    file: "coatcheck/src/core/examination.ts",
    text: `if (verdict.kind !== "confirm") return verdict;`,
    becomes: `if (verdict.kind !== "confirm") return verdict;
    return { kind: "current", record: verdict.record };`,
    killedBy: [
      tests,
      "renewal takes the old secret for theft after the grace: the session is revoked and an event says so",
    ],
  },
  "begins the grace anew for every former secret": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: "return [...remembered(record, now), ...beginning]",
    becomes:
      "return [...remembered(record, now).map((former) => ({ ...former, until: now + grace })), ...beginning]",
    killedBy: [tests, "renewal keeps every secret of a chain in its own grace"],
  },
  "forgets former secrets when the next renewal begins": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: "superseded: remembered(record, now),",
    becomes: "superseded: [],",
    killedBy: [tests, "renewal keeps every secret of a chain in its own grace"],
  },
  "only rejects a stolen token": {
    breaks: "promise 4",
    file: "coatcheck/src/core/examination.ts",
    text: `if (verdict.kind === "theft") await endStolen(house, verdict, request);`,
    becomes: "",
    killedBy: [
      tests,
      "renewal takes the old secret for theft after the grace: the session is revoked and an event says so",
    ],
  },
  "tells of a theft that another request has told of": {
    breaks: "B17",
    file: "coatcheck/src/core/examination.ts",
    text: `if (ended) house.observers.tellOf(ended, { type: "theft", client });`,
    becomes: `house.observers.tellOf(record, { type: "theft", client });`,
    killedBy: [tests, "renewal revokes once and tells once when both sides of a theft come at the same time"],
  },
  "re-authenticates under a secret that can be derived from the old one": {
    breaks: "B6",
    file: "coatcheck/src/core/reauthentication.ts",
    text: "const fresh = token.refreshed();",
    becomes: `const fresh = token.successor(record.pending?.salt ?? "");`,
    killedBy: [
      tests,
      "re-authentication ends a pending renewal, whose successor still opens ordinary doors for the grace",
    ],
  },
  "re-authenticates and keeps the secret": {
    breaks: "B6",
    file: "coatcheck/src/core/reauthentication.ts",
    text: "const fresh = token.refreshed();",
    becomes: "const fresh = token;",
    killedBy: [
      tests,
      "re-authentication lets the old secret open ordinary doors for the grace, and never sends it a new one",
    ],
  },
  "forgets the successor that a re-authentication overtook": {
    breaks: "promise 4",
    file: "coatcheck/src/core/renewal.ts",
    text: "record.pending ? [record.secretHash, record.pending.secretHash] : [record.secretHash]",
    becomes: "[record.secretHash]",
    killedBy: [
      tests,
      "re-authentication ends a pending renewal, whose successor still opens ordinary doors for the grace",
    ],
  },
};
