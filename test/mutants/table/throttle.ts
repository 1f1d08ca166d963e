/** How often somebody may guess a password or a token. */
import type { Mutants } from "../mutant.ts";

const adapter = "The adapter for the web standard";
const inMemory = "Attempts in memory";
const rule = "coatcheck/src/throttle/rule.ts";
const ruleTests = "coatcheck/test/throttle/rule.test.ts";
const storeTests = "coatcheck/test/stores/throttle.test.ts";
const webTests = "coatcheck/test/adapters/web.test.ts";
const attempt = "coatcheck/src/throttle/sign-in-attempt.ts";
const garbage = "coatcheck/src/throttle/garbage.ts";
const garbageTests = "coatcheck/test/throttle/garbage.test.ts";

export const throttleMutants: Mutants = {
  "gives one guess more for nothing": {
    breaks: "protections/throttle",
    file: rule,
    text: "if (failures < free) return 0;",
    becomes: "if (failures <= free) return 0;",
    killedBy: [
      ruleTests,
      "By default five failures under an account cost no wait, then it doubles from 1 second to 15 minutes",
    ],
  },
  "waits equally long after each failure": {
    breaks: "protections/throttle",
    file: rule,
    text: "firstDelay * 2 ** Math.min(failures - free, mostDoublings)",
    becomes: "firstDelay",
    killedBy: [
      ruleTests,
      "By default five failures under an account cost no wait, then it doubles from 1 second to 15 minutes",
    ],
  },
  "knows no cap of consecutive failures": {
    breaks: "protections/throttle",
    file: rule,
    text: `  if (failures >= rule.cap) return forgottenAt;
`,
    becomes: "",
    killedBy: [ruleTests, "By default a hundred consecutive failures close an account (NIST 3.2.2)"],
  },
  "accepts a cap that NIST does not": {
    breaks: "promise 8",
    file: "coatcheck/src/throttle/rules.ts",
    text: "if (rules[name].cap > mostConsecutiveFailures) {",
    becomes: "if (rules[name].cap > mostConsecutiveFailures * 10) {",
    killedBy: [ruleTests, "Rules that say more than 100 consecutive failures are a TypeError"],
  },
  "forgets nothing, ever": {
    breaks: "protections/throttle",
    file: rule,
    text: "const counter = known && now < known.forgottenAt ? known : undefined;",
    becomes: "const counter = known;",
    killedBy: [
      storeTests,
      `${inMemory} attempt failures are forgotten when no attempt was counted for so long, from that millisecond on`,
    ],
  },
  "lets refused attempts prolong the wait": {
    breaks: "protections/throttle",
    file: "coatcheck/src/stores/memory/throttle.ts",
    text: `    if (!verdict.allowed) return verdict;
`,
    becomes: `    if (!verdict.allowed) {
      if (known) this.#counters.replace({ ...known, lastAttemptAt: now });
      return verdict;
    }
`,
    killedBy: [
      storeTests,
      `${inMemory} attempt one that may not be made is not counted and prolongs nothing`,
    ],
  },
  "counts by the clock of who is behind": {
    breaks: "B24",
    file: rule,
    text: "lastAttemptAt: Math.max(counter.lastAttemptAt, now),",
    becomes: "lastAttemptAt: now,",
    killedBy: [storeTests, `${inMemory} attempt a clock that is behind moves no time back`],
  },
  "looks, then counts": {
    breaks: "protections/throttle",
    file: "coatcheck/src/stores/memory/throttle.ts",
    text: `    const verdict = judgeAttempt(known, rule, now);
`,
    becomes: `    const verdict = judgeAttempt(known, rule, now);
    await null;
`,
    killedBy: [storeTests, `${inMemory} races of many who wait for the same moment one is allowed`],
  },
  "refunds below nothing": {
    breaks: "protections/throttle",
    file: rule,
    text: "Math.max(0, counter.failures - 1)",
    becomes: "counter.failures - 1",
    killedBy: [storeTests, `${inMemory} refund and reset never below none`],
  },
  "sells further guesses under another spelling of the account": {
    breaks: "protections/throttle",
    file: attempt,
    text: `submitted.normalize("NFKC").trim().toLowerCase()`,
    becomes: "submitted",
    killedBy: [
      ruleTests,
      "An account is counted by what was typed, whatever its case, form and surrounding space",
    ],
  },
  "keeps what was typed as account, and so passwords": {
    breaks: "promise 7",
    file: attempt,
    text: `return digest(submitted.normalize("NFKC").trim().toLowerCase());`,
    becomes: `return submitted.normalize("NFKC").trim().toLowerCase().slice(0, 40);`,
    killedBy: [
      ruleTests,
      "An account is counted by a digest that does not tell what was typed, of one length",
    ],
  },
  "lets somebody else's failures lock the owner out": {
    breaks: "protections/throttle",
    file: attempt,
    text: "if (device !== undefined) {",
    becomes: `if (device === "") {`,
    killedBy: [webTests, `${adapter} throttle a known device is not locked out by somebody else's failures`],
  },
  "gives a copied device cookie guesses without end": {
    breaks: "protections/throttle",
    file: attempt,
    text: "const known = await store.attempt(deviceKey, rules.device, now);",
    becomes: "const known = await store.attempt(deviceKey, { ...rules.device, cap: 1e6, free: 1e6 }, now);",
    killedBy: [
      webTests,
      `${adapter} throttle a copied device cookie buys ten guesses, and costs its owner none`,
    ],
  },
  "lets an address that is refused lock accounts": {
    breaks: "protections/throttle",
    file: attempt,
    text: `  if (client && !client.allowed) return refused("client", client.retryAfter);
  const answer = await store.attempt(accountKey(account), rules.account, now);
`,
    becomes: `  const answer = await store.attempt(accountKey(account), rules.account, now);
  if (client && !client.allowed) return refused("client", client.retryAfter);
`,
    killedBy: [webTests, `${adapter} throttle who is refused by address locks nobody's account`],
  },
  "lets a sign-in of one's own buy guesses at others": {
    breaks: "protections/throttle",
    file: attempt,
    text: "this.#countedBy && this.#store.refund(this.#countedBy)",
    becomes: "this.#countedBy && this.#store.reset(this.#countedBy)",
    killedBy: [
      webTests,
      `${adapter} throttle an address has a budget of its own, which a sign-in does not renew`,
    ],
  },
  "counts an attempt when it has failed": {
    breaks: "protections/throttle",
    file: "coatcheck/src/http/counted-sign-in.ts",
    text: `    const outcome = await beginAttempt(store, settings.throttle, attempting, now);
    if (outcome.allowed) {`,
    becomes: `    const outcome = await beginAttempt(store, settings.throttle, attempting, now);
    if (outcome.allowed) {
      await outcome.attempt.succeeded();`,
    killedBy: [
      webTests,
      `${adapter} throttle an attempt counts as failed until its sign-in: the sixth has to wait`,
    ],
  },
  "lets everybody guess while attempts cannot be counted": {
    breaks: "B25",
    file: "coatcheck/src/http/counted-sign-in.ts",
    text: "const outcome = await beginAttempt(store, settings.throttle, attempting, now);",
    becomes:
      "const outcome = await beginAttempt(store, settings.throttle, attempting, now).catch(() => ({ allowed: true }) as never);",
    killedBy: [webTests, `${adapter} throttle while attempts cannot be counted none is made`],
  },
  "keeps the failures of who has signed in": {
    breaks: "protections/throttle",
    file: attempt,
    text: `      this.#store.reset(accountKey(this.account)),
`,
    becomes: "",
    killedBy: [webTests, `${adapter} throttle a sign-in forgets the failures of its account`],
  },
  "looks invented tokens up without end": {
    breaks: "protections/throttle",
    file: garbage,
    text: "bucket.fullAt = Math.min(bucket.fullAt + this.#interval, now + minute);",
    becomes: "bucket.fullAt = Math.min(bucket.fullAt + this.#interval, now + minute / 2);",
    killedBy: [
      garbageTests,
      "Invented tokens are looked up so many times in a minute, and the first that was the last is told",
    ],
  },
  "turns sound sessions away with invented ones": {
    breaks: "protections/throttle",
    file: garbage,
    text: "return wait > 0 && token && bucket?.vouched.has(token.secretHash) ? 0 : wait;",
    becomes: "return wait;",
    killedBy: [garbageTests, "Invented tokens do not stop sessions that were seen since the first of them"],
  },
  "counts the invented tokens of all addresses together": {
    breaks: "protections/throttle",
    file: garbage,
    text: `const bucket = this.#bucket(network, now);
    const wait`,
    becomes: `const bucket = this.#buckets.values().next().value;
    const wait`,
    killedBy: [garbageTests, "Invented tokens of one address are no other's"],
  },
  "keeps every address that ever sent an invented token": {
    breaks: "promise 8",
    file: garbage,
    text: `    if (this.#buckets.size <= mostNetworks) return;
`,
    becomes: `    if (this.#buckets.size <= 1e9) return;
`,
    killedBy: [
      garbageTests,
      "What is kept of addresses is bounded, and that of the busiest survives a flood of others",
    ],
  },
};
