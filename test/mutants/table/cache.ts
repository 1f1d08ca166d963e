/** What the cache may say, and for how long it is believed. */
import type { Mutants } from "../mutant.ts";

const tests = "coatcheck/test/cached/cached.test.ts";
const store = "coatcheck/src/stores/cached.ts";
const trust = "coatcheck/src/stores/cached/trust.ts";
const kept = "coatcheck/src/stores/cached/kept-records.ts";
const table = "coatcheck/src/stores/cached/record-table.ts";
const tableTests = "coatcheck/test/cached/record-table.test.ts";
const examination = "coatcheck/src/core/examination.ts";

export const cacheMutants: Mutants = {
  "trusts a channel that has been silent for too long": {
    breaks: "caching",
    file: trust,
    text: "return this.#now() - this.#provenAt < this.#maxStaleness;",
    becomes: "return this.#provenAt > 0;",
    killedBy: [
      tests,
      "A session that ends on another node is refused after maxStaleness at the latest, with the channel cut",
    ],
  },
  "trusts a channel from when its proof came": {
    breaks: "caching",
    file: trust,
    text: "Math.max(this.#provenAt, askedAt)",
    becomes: "this.#now()",
    killedBy: [
      tests,
      "A channel that is late is trusted from when the proof was asked for, not from when it came",
    ],
  },
  "takes a proof that was under way at the cut for one": {
    breaks: "caching",
    file: trust,
    text: `    if (this.#cuts !== cuts) return false;
`,
    becomes: "",
    killedBy: [tests, "A channel that was cut while a proof was on its way is not proven by it"],
  },
  "goes on trusting a channel that was cut": {
    breaks: "caching",
    file: trust,
    text: `    this.#cuts += 1;
    this.#provenAt = Number.NEGATIVE_INFINITY;
`,
    becomes: `    this.#cuts += 1;
`,
    killedBy: [
      tests,
      "A channel that says that it was cut is not trusted before it is proven, however lately it was: what is read meanwhile is not kept",
    ],
  },
  "ends all sessions of a user and keeps those that another node has ended": {
    breaks: "caching",
    file: store,
    text: "this.#kept.forgetUser(userId, except);",
    becomes: "for (const { id } of ended) this.#kept.forget(id);",
    killedBy: [
      tests,
      "A session that ends on another node is refused once all of its user ended here, even if the channel is silent",
    ],
  },
  "ends all sessions of a user and keeps one that is read at that moment": {
    breaks: "caching",
    file: kept,
    text: `    this.#reads.clear();
    for (`,
    becomes: "    for (",
    killedBy: [
      tests,
      "A session that ends on another node is not kept by a find that was under way when all of its user ended here",
    ],
  },
  "replaces a session and keeps it if another node has ended it": {
    breaks: "caching",
    file: store,
    text: "if (result.inserted && limit?.replacing) this.#kept.forget(limit.replacing);",
    becomes: "",
    killedBy: [
      tests,
      "A session that ends on another node is refused once a sign-in here has taken its place, even if the channel is silent",
    ],
  },
  "keeps what it had before the channel was cut": {
    breaks: "caching",
    file: store,
    text: `    this.#kept.empty();
    this.#trust.lose();
`,
    becomes: `    this.#trust.lose();
`,
    killedBy: [
      tests,
      "A channel that was cut and mended has nothing from before it, also where nobody asks before it is proven",
    ],
  },
  "keeps an answer that was read before the change it was told of": {
    breaks: "caching",
    file: kept,
    text: "if (this.#reads.get(id) !== read) return;",
    becomes: "",
    killedBy: [
      tests,
      "A session that ends while it is being read is not kept: the read was in flight when its invalidation arrived",
    ],
  },
  "does not listen": {
    breaks: "caching",
    file: store,
    text: `        this.#kept.forget(id);
        for`,
    becomes: "        for",
    killedBy: [tests, "A session that ends on another node is refused as soon as this one is told"],
  },
  "waits to be told what it does itself": {
    breaks: "caching",
    file: store,
    text: `    this.#kept.forget(id);
    try {
      return await write();
    } finally {
      this.#kept.forget(id);
    }`,
    becomes: "    return await write();",
    killedBy: [tests, "A session that ends on this node is refused at once, even if the channel is silent"],
  },
  "keeps whom its own sign-in has ended": {
    breaks: "caching",
    file: store,
    text: `    if (result.inserted) for (const { record: ended } of result.ended) this.#kept.forget(ended.id);
`,
    becomes: "",
    killedBy: [
      tests,
      "A session that ends on this node by a sign-in that it makes way for is refused at once, even if the channel is silent",
    ],
  },
  "keeps everybody after a write of which nothing is known": {
    breaks: "caching",
    file: store,
    text: `      this.#kept.empty();
      throw error;`,
    becomes: "      throw error;",
    killedBy: [tests, "A cache empties itself when a write fails of which nobody knows whom it ended"],
  },
  "keeps sessions with a pending renewal": {
    breaks: "caching",
    file: store,
    text: "if (found && !isEnded(found) && !found.pending) this.#kept.end",
    becomes: "if (found && !isEnded(found)) this.#kept.end",
    killedBy: [tests, "A cache answers not while a renewal is pending"],
  },
  "keeps as many sessions as there are": {
    breaks: "caching",
    file: kept,
    text: "if (this.#young.size >= this.#maximum / 2) {",
    becomes: "if (this.#young.size >= this.#maximum * 2) {",
    killedBy: [tests, "A cache keeps no more than it may, those that were used lately"],
  },
  "answers beyond a deadline": {
    breaks: "B8",
    file: examination,
    text: `if (verdict.kind !== "current" || verdict.reaction) return undefined;`,
    becomes: `if (verdict.kind !== "current" && verdict.kind !== "rejected") return undefined;`,
    killedBy: [
      tests,
      "A cache answers not beyond a deadline; the store may know of a later use on another node",
    ],
  },
  "lets the cache judge an older secret": {
    breaks: "caching",
    file: examination,
    text: `if (verdict.kind !== "current" || verdict.reaction) return undefined;`,
    becomes: `if (verdict.kind === "rejected") return undefined;`,
    killedBy: [
      tests,
      "A cache answers nothing else: an older secret, a guess, another client, strict and due renewal ask the store",
    ],
  },
  "renews nothing while the cache answers": {
    breaks: "caching",
    file: examination,
    text: `  if (request.canRenew && isRenewalDue(house.policy, found, now)) return undefined;
`,
    becomes: "",
    killedBy: [
      tests,
      "A cache answers nothing else: an older secret, a guess, another client, strict and due renewal ask the store",
    ],
  },
  "asks the cache where the store itself is to be asked": {
    breaks: "caching",
    file: "coatcheck/src/core/manager.ts",
    text: "const recent = request.strict ? undefined : recentSession",
    becomes: "const recent = recentSession",
    killedBy: [tests, "A session that ends at once where the store is asked: validate with strict"],
  },
  "gives whatever stands in the place of an id": {
    breaks: "decisions/0051-kept-records-have-a-table-of-their-own",
    file: table,
    text: "record && record.id !== id",
    becomes: "record && record.id.slice(-hashedLength) !== id.slice(-hashedLength)",
    killedBy: [
      tableTests,
      "A table of records has what was put into it last under each id, and nothing that was taken out",
    ],
  },
  "leaves a gap in a chain": {
    breaks: "decisions/0051-kept-records-have-a-table-of-their-own",
    file: table,
    text: "      places[gap] = places[place];\n      gap = place;\n",
    becomes: "",
    killedBy: [
      tableTests,
      "A table of records has what was put into it last under each id, and nothing that was taken out",
    ],
  },
};
