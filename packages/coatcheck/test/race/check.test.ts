/** The checker of races on histories that are wrong on purpose, and on right ones that look wrong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHistory } from "../../src/testing/race/check.ts";
import type { Operation, RaceHistory, Rule, Terms, ToldEnd } from "../../src/testing/race/history.ts";

const limited = "bob-at-most-2";

interface Told extends Partial<Terms> {
  readonly ends?: readonly ToldEnd[];
}

function violations(operations: readonly Operation[], { ends = [], ...terms }: Told = {}): Rule[] {
  const history: RaceHistory = {
    terms: { limits: { [limited]: 2 }, staleness: 0, grace: 30_000, durable: true, ...terms },
    operations,
    ends,
    faults: [],
  };
  return [...new Set(checkHistory(history).map(({ rule }) => rule))];
}

type When = readonly [start: number, end?: number | undefined];
type About = Partial<Pick<Operation, "node" | "failed">>;

/** An operation on node 1, if nothing else is said. Without an answer it was answered by nobody. */
function operation<Do extends Operation["do"]>(
  deed: Do,
  [start, end]: When,
  asked: Extract<Operation, { do: Do }>["asked"],
  answer?: Extract<Operation, { do: Do }>["answer"],
  about: About = {},
): Operation {
  const done = { ...(end !== undefined && { end }), ...(answer !== undefined && { answer }) };
  return { do: deed, node: "1", start, asked, ...done, ...about } as Operation;
}

const signIn = (
  [start, end]: When,
  session: string,
  {
    user = "ada",
    remember,
    ...rest
  }: { user?: string; remember?: string; over?: string; credentials?: number } = {},
) => {
  const token = session.replace("S", "T");
  const answer = { session, token, ...(remember !== undefined && { remember }) };
  const asked = { user, remember: remember !== undefined, credentials: 0, ...rest };
  return operation("sign in", [start, end], asked, end === undefined ? undefined : answer);
};
const validate = (when: When, token: string, refused?: string, about?: About, data = {}) => {
  const opened = { session: token.replace("T", "S").replace(/'+$/, ""), superseded: false, data };
  const asked = { token, canRenew: false, strict: false };
  return operation("validate", when, asked, refused === undefined ? opened : { refused }, about);
};
const superseded = ([start, end]: When, token: string) =>
  operation(
    "validate",
    [start, end],
    { token, canRenew: false, strict: false },
    { session: token.replace("T", "S").replace(/'+$/, ""), superseded: true, data: {} },
  );
const revoke = (when: When, session: string, answer: boolean | undefined = true, about?: About) =>
  operation("revoke", when, { session }, when.length === 1 || about?.failed ? undefined : answer, about);
const renew = (when: When, token: string, successor: string | undefined, about?: About) =>
  operation("renew", when, { token }, successor === undefined ? {} : { successor }, about);
const reauthenticate = (when: When, token: string, fresh: string | undefined, about?: About) =>
  operation(
    "reauthenticate",
    when,
    { token },
    when.length === 1 || about?.failed ? undefined : fresh === undefined ? {} : { token: fresh },
    about,
  );
const resume = (when: When, remember: string, session: string, next?: string) => {
  const cookies = next === undefined ? {} : { token: session.replace("S", "T"), remember: next };
  return operation("resume", when, { user: "ada", remember }, { session, ...cookies });
};
const write = (when: When, session: string, value: number, answer: boolean | undefined = true) =>
  operation("write", when, { session, key: "key", value }, when.length === 1 ? undefined : answer);
const count = (when: When, session: string) =>
  operation("count", when, { session, key: "sum" }, when.length === 1 ? undefined : true);
const told = (session: string, at: number, type = "revoked", node = "1"): ToldEnd => ({
  session,
  at,
  type,
  node,
});

describe("a history is wrong where", () => {
  const wrong: readonly (readonly [rule: Rule, what: string, operations: Operation[], told?: Told])[] = [
    [
      "final",
      "a session opens after its revocation was answered",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1"), validate([4, 5], "T1")],
      { ends: [told("S1", 2.5)] },
    ],
    [
      "final",
      "a revocation that found nothing is followed by a validation that does",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1", false), validate([4, 5], "T1")],
      { ends: [told("S1", 2.5)] },
    ],
    [
      "final",
      "a session opens on another node when the staleness of its cache is over",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1"), validate([104, 105], "T1", undefined, { node: "2" })],
      { staleness: 100, ends: [told("S1", 2.5)] },
    ],
    [
      "final",
      "a cache opens a session that its own node has ended",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1"), validate([4, 5], "T1")],
      { staleness: 100, ends: [told("S1", 2.5)] },
    ],
    [
      "final",
      "a session gets another token after its revocation was answered",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1"), reauthenticate([4, 5], "T1", "T1'")],
      { ends: [told("S1", 2.5)] },
    ],
    [
      "nobody is signed out",
      "the token of a re-authentication is refused",
      [
        signIn([0, 1], "S1"),
        reauthenticate([2, 3], "T1", "T1'"),
        validate([40_000, 40_001], "T1'", "unknown"),
      ],
    ],
    [
      "nobody is signed out",
      "what a re-authentication replaced is refused within its grace",
      [signIn([0, 1], "S1"), reauthenticate([2, 3], "T1", "T1'"), validate([4, 5], "T1", "theft")],
    ],
    [
      "nobody is signed out",
      "a re-authentication finds nobody",
      [signIn([0, 1], "S1"), reauthenticate([2, 3], "T1", undefined)],
    ],
    [
      "one successor",
      "a token counts as replaced though the re-authentication found nobody",
      [
        signIn([0, 1], "S1"),
        revoke([1.5], "S1"),
        reauthenticate([2, 3], "T1", undefined),
        superseded([4, 5], "T1"),
      ],
    ],
    [
      "final",
      "a session outlives the end of all sessions of its user",
      [
        signIn([0, 1], "S1"),
        operation("revoke all", [2, 3], { user: "ada" }, 1),
        operation("list", [4, 5], { user: "ada" }, ["S1"]),
      ],
      { ends: [told("S1", 2.5)] },
    ],
    [
      "final",
      "a sign-in with the old password outlives the change that it overlapped",
      [
        signIn([0, 5], "S1", { credentials: 1 }),
        operation("disable", [2, 3], { user: "ada", credentials: 2 }, 0),
        validate([6, 7], "T1"),
      ],
      { ends: [told("S1", 5)] },
    ],
    [
      "final",
      "a remembered browser comes back after its session was revoked",
      [signIn([0, 1], "S1", { remember: "R1" }), revoke([2, 3], "S1"), resume([4, 5], "R1", "S2", "R2")],
      { ends: [told("S1", 2.5), told("S2", 2.6)] },
    ],
    [
      "final",
      "a browser comes back while all its user's sessions end, and stays",
      [
        signIn([0, 1], "S1", { remember: "R1" }),
        operation("revoke all", [2, 3], { user: "ada" }, 1),
        resume([2.5, 5], "R1", "S2", "R2"),
        validate([6, 7], "T2"),
      ],
      { ends: [told("S1", 2.5), told("S2", 2.6)] },
    ],
    [
      "final",
      "what was said to have ended opens",
      [signIn([0, 1], "S1"), revoke([2], "S1"), validate([3, 4], "T1", "ended"), validate([5, 6], "T1")],
      { ends: [told("S1", 7)] },
    ],
    [
      "final",
      "a session is changed after a node told of its end",
      [signIn([0, 1], "S1", { user: limited }), write([6, 7], "S1", 1)],
      { ends: [told("S1", 5, "evicted")] },
    ],
    [
      "one successor",
      "one token is renewed twice",
      [signIn([0, 1], "S1"), renew([2, 4], "T1", "T1'"), renew([3, 5], "T1", "T1''", { node: "2" })],
    ],
    [
      "one successor",
      "a token counts as replaced though nobody was given another",
      [
        signIn([0, 1], "S1"),
        operation(
          "validate",
          [2, 3],
          { token: "T1", canRenew: false, strict: true },
          { session: "S1", superseded: true, data: {} },
        ),
      ],
    ],
    [
      "one successor",
      "two tabs come back in two sessions",
      [
        signIn([0, 1], "S1", { remember: "R1" }),
        resume([2, 4], "R1", "S2", "R2"),
        resume([3, 5], "R1", "S3", "R2"),
      ],
    ],
    [
      "one successor",
      "one use of a remembered browser gives two tokens",
      [
        signIn([0, 1], "S1", { remember: "R1" }),
        resume([2, 4], "R1", "S2", "R2"),
        resume([3, 5], "R1", "S2", "R3"),
      ],
    ],
    [
      "limit",
      "three sessions of two are alive at once",
      [1, 2, 3]
        .map((at) => signIn([at, at + 0.5], `S${at}`, { user: limited }))
        .concat([1, 2, 3].map((at) => validate([10, 11], `T${at}`))),
    ],
    ["limit", "a list is too long", [operation("list", [0, 1], { user: limited }, ["S1", "S2", "S3"])]],
    [
      "no lost update",
      "a key that was written is missing",
      [signIn([0, 1], "S1"), write([2, 3], "S1", 7), validate([4, 5], "T1")],
    ],
    [
      "no lost update",
      "an older value comes back",
      [
        signIn([0, 1], "S1"),
        write([2, 3], "S1", 7),
        write([4, 5], "S1", 8),
        validate([6, 7], "T1", undefined, {}, { key: 7 }),
      ],
    ],
    [
      "no lost update",
      "a value is there that nobody wrote",
      [signIn([0, 1], "S1"), write([2, 3], "S1", 7), validate([4, 5], "T1", undefined, {}, { key: 9 })],
    ],
    [
      "no lost update",
      "two who add one make one",
      [
        signIn([0, 1], "S1"),
        count([2, 4], "S1"),
        count([3, 5], "S1"),
        validate([6, 7], "T1", undefined, {}, { sum: 1 }),
      ],
    ],
    [
      "no lost update",
      "one who adds one makes two",
      [signIn([0, 1], "S1"), count([2, 4], "S1"), validate([6, 7], "T1", undefined, {}, { sum: 2 })],
    ],
    [
      "told once",
      "two tell of one end",
      [signIn([0, 1], "S1"), revoke([2, 4], "S1"), revoke([3, 5], "S1", true, { node: "2" })],
      { ends: [told("S1", 3), told("S1", 4, "revoked", "2")] },
    ],
    ["told once", "nobody tells of an end that was answered", [signIn([0, 1], "S1"), revoke([2, 3], "S1")]],
    [
      "nobody is signed out",
      "a session that nobody ended is gone",
      [signIn([0, 1], "S1"), validate([2, 3], "T1", "unknown")],
    ],
    [
      "nobody is signed out",
      "an outage is taken for a sign-out",
      [
        signIn([0, 1], "S1"),
        operation("write", [1, 4], { session: "S1", key: "key", value: 1 }, undefined, {
          failed: "no store",
        }),
        validate([2, 3], "T1", "ended"),
      ],
      { ends: [told("S1", 3)] },
    ],
    [
      "nobody is signed out",
      "a renewal that overlaps signs the other tab out",
      [signIn([0, 1], "S1"), renew([2, 5], "T1", "T1'"), validate([3, 4], "T1", "theft")],
      { ends: [told("S1", 4, "theft")] },
    ],
    [
      "nobody is signed out",
      "a replaced token is refused within its grace",
      [
        signIn([0, 1], "S1"),
        renew([2, 3], "T1", "T1'"),
        validate([4, 5], "T1'"),
        validate([6, 7], "T1", "unknown"),
      ],
    ],
    [
      "nobody is signed out",
      "a list leaves out a session",
      [signIn([0, 1], "S1"), signIn([0, 1], "S2"), operation("list", [2, 3], { user: "ada" }, ["S1"])],
    ],
  ];
  for (const [rule, what, operations, terms] of wrong) {
    test(`${what} (${rule})`, () => assert.ok(violations(operations, terms).includes(rule)));
  }
});

describe("a history is right where", () => {
  const right: readonly (readonly [what: string, operations: Operation[], told?: Told])[] = [
    [
      "a validation that began before the revocation was answered succeeds after it",
      [signIn([0, 1], "S1"), revoke([2, 4], "S1"), validate([3, 9], "T1")],
      { ends: [told("S1", 3.5)] },
    ],
    [
      "a revocation had no answer, and the session lives on",
      [signIn([0, 1], "S1"), revoke([2], "S1"), validate([4, 5], "T1")],
    ],
    [
      "a revocation had no answer, and the session is gone later on",
      [
        signIn([0, 1], "S1"),
        revoke([2, 3], "S1", true, { failed: "no answer in time" }),
        validate([4, 5], "T1"),
        validate([100, 101], "T1", "ended"),
      ],
    ],
    [
      "another node's cache is not told yet",
      [signIn([0, 1], "S1"), revoke([2, 3], "S1"), validate([102, 105], "T1", undefined, { node: "2" })],
      { staleness: 100, ends: [told("S1", 2.5)] },
    ],
    [
      "a sign-in overlaps the end of all sessions and lives",
      [signIn([0, 3], "S1"), operation("revoke all", [1, 2], { user: "ada" }, 0), validate([4, 5], "T1")],
    ],
    [
      "a sign-in with the new password overlaps its change",
      [
        signIn([1, 4], "S1", { credentials: 2 }),
        operation("disable", [0, 3], { user: "ada", credentials: 2 }, 0),
        validate([5, 6], "T1"),
      ],
    ],
    [
      "all sessions end but one",
      [
        signIn([0, 1], "S1"),
        operation("revoke all", [2, 3], { user: "ada", except: "S1" }, 0),
        validate([4, 5], "T1"),
      ],
    ],
    [
      "a re-authentication replaces the token, and a successor that nobody has presented",
      [
        signIn([0, 1], "S1"),
        renew([2, 3], "T1", "T1'"),
        reauthenticate([4, 5], "T1", "T1''"),
        superseded([6, 7], "T1"),
        superseded([6, 7], "T1'"),
        validate([40_000, 40_001], "T1''"),
      ],
    ],
    [
      "a re-authentication had no answer, and may have replaced the token long ago",
      [
        signIn([0, 1], "S1"),
        reauthenticate([2], "T1", undefined),
        superseded([4, 5], "T1"),
        validate([40_000, 40_001], "T1", "theft"),
      ],
      { ends: [told("S1", 40_000.5, "theft")] },
    ],
    [
      "of more re-authentications than any browser has, the first token is forgotten",
      [
        signIn([0, 1], "S1"),
        ...Array.from({ length: 9 }, (_, n) =>
          reauthenticate([2 + n, 2.5 + n], `T1${"'".repeat(n)}`, `T1${"'".repeat(n + 1)}`),
        ),
        validate([20, 21], "T1", "theft"),
      ],
      { ends: [told("S1", 20.5, "theft")] },
    ],
    [
      "a lost successor is sent again",
      [
        signIn([0, 1], "S1"),
        renew([2, 3], "T1", "T1'"),
        renew([4, 5], "T1", "T1'"),
        renew([6, 7], "T1", undefined),
      ],
    ],
    [
      "one of two tabs that come back goes on in the session of the other",
      [
        signIn([0, 1], "S1", { remember: "R1" }),
        resume([2, 4], "R1", "S2", "R2"),
        resume([3, 5], "R1", "S2"),
      ],
    ],
    [
      "the third sign-in of two ends the first",
      [
        ...[1, 2, 3].map((at) => signIn([at, at + 0.5], `S${at}`, { user: limited })),
        validate([2.8, 9], "T1"),
        validate([5, 6], "T2"),
        validate([5, 6], "T3"),
        validate([7, 8], "T1", "ended"),
      ],
      { ends: [told("S1", 3.2, "evicted")] },
    ],
    [
      "two writers overlap, and either is the last",
      [
        signIn([0, 1], "S1"),
        write([2, 5], "S1", 7),
        write([3, 4], "S1", 8),
        validate([6, 7], "T1", undefined, {}, { key: 7 }),
      ],
    ],
    [
      "a write without an answer is there, or not, or later",
      [
        signIn([0, 1], "S1"),
        write([2], "S1", 7),
        validate([3, 4], "T1"),
        write([5, 6], "S1", 8),
        validate([7, 8], "T1", undefined, {}, { key: 7 }),
      ],
    ],
    [
      "an addition without an answer counts or not",
      [
        signIn([0, 1], "S1"),
        count([2, 3], "S1"),
        count([4], "S1"),
        validate([5, 6], "T1", undefined, {}, { sum: 1 }),
        validate([7, 8], "T1", undefined, {}, { sum: 2 }),
      ],
    ],
    [
      "the node that may have ended it died before it could tell",
      [signIn([0, 1], "S1"), revoke([2], "S1"), validate([3, 4], "T1", "ended")],
    ],
    [
      "a token that was replaced long ago is theft",
      [
        signIn([0, 1], "S1"),
        renew([2, 3], "T1", "T1'"),
        validate([4, 5], "T1'"),
        validate([40_000, 40_001], "T1", "theft"),
        validate([40_002, 40_003], "T1'", "ended"),
      ],
      { ends: [told("S1", 40_000, "theft")] },
    ],
    [
      "a store that lost what it had answered knows nothing any more",
      [
        signIn([0, 1], "S1"),
        write([2, 3], "S1", 7),
        validate([4, 5], "T1"),
        validate([6, 7], "T1", "unknown"),
      ],
      { durable: false },
    ],
  ];
  for (const [what, operations, terms] of right) {
    test(what, () => assert.deepEqual(violations(operations, terms), []));
  }

  const terms = { limits: {}, staleness: 0, grace: 1_000, durable: true };
  const faults = [{ what: "a wrong clock", start: 3, end: 6, misjudges: "1" }];

  test("the clock of its node is wrong, and it is refused there and nowhere else", () => {
    const operations = [
      signIn([0, 1], "S1"),
      validate([4, 5], "T1", "idle-timeout"),
      validate([4, 5], "T1", undefined, { node: "2" }),
    ];
    assert.deepEqual(checkHistory({ terms, operations, ends: [], faults }), []);
  });

  test("by the wrong clock of a node its token seems to be stolen, and it ends nowhere", () => {
    const operations = [
      signIn([0, 1], "S1"),
      renew([1, 2], "T1", "T1'"),
      validate([2, 3], "T1'", undefined, { node: "2" }),
      validate([4, 5], "T1", "theft"),
      validate([7, 8], "T1'", undefined, { node: "2" }),
    ];
    assert.deepEqual(checkHistory({ terms, operations, ends: [], faults }), []);
    const rules = checkHistory({ terms, operations, ends: [], faults: [] }).map(({ rule }) => rule);
    assert.ok(rules.includes("final"), rules.join());
  });

  test("it began by a wrong clock, had expired by all others, and whoever pruned it had no answer", () => {
    const operations = [
      signIn([4, 5], "S1"),
      validate([7, 8], "T1", "unknown", { node: "2" }),
      revoke([9, 10], "S1"),
    ];
    const told = { terms, operations, ends: [] };
    assert.deepEqual(checkHistory({ ...told, faults }), []);
    assert.notDeepEqual(checkHistory({ ...told, faults: [] }), [], "With a right clock somebody has to tell");
  });
});
