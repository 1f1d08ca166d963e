/** The conditions in the statements of stores in this process: memory and SQLite. */
import type { Mutants } from "../mutant.ts";

const memory = "The store memory";
const sqlite = "The store SQLite, two connections to one file";
const remembered = "Remembered browsers in SQLite, two connections to one file";
const memoryTests = "coatcheck/test/stores/memory.test.ts";
const sqliteTests = "coatcheck/test/stores/sqlite.test.ts";
const sqliteStore = "coatcheck/src/stores/sqlite.ts";
const sqliteRemember = "coatcheck/src/stores/sqlite/remember.ts";
const record = "coatcheck/src/core/record.ts";
const memoryStore = "coatcheck/src/stores/memory.ts";

export const storesMutants: Mutants = {
  "writes whatever others have written meanwhile": {
    breaks: "B9",
    file: record,
    text: "return record.secretRevision === secretRevision && record.dataRevision === dataRevision;",
    becomes: "return true;",
    killedBy: [memoryTests, `${memory} races renew against renew: exactly one wins, and what it wrote stays`],
  },
  "writes the data back whole": {
    breaks: "B9",
    file: record,
    text: "data: mergeData(record.data, data), dataRevision",
    becomes: `data: mergeData("{}", data), dataRevision`,
    killedBy: [memoryTests, `${memory} races writes to different keys of the data all survive`],
  },
  "counts no revision of the data": {
    breaks: "B9",
    file: record,
    text: "dataRevision: record.dataRevision + 1",
    becomes: "dataRevision: record.dataRevision",
    killedBy: [
      memoryTests,
      `${memory} races a counter that is written on the revision it was read at counts everybody`,
    ],
  },
  "counts no revision of the secret": {
    breaks: "B10",
    file: record,
    text: "const secretRevision = record.secretRevision + 1;",
    becomes: "const { secretRevision } = record;",
    killedBy: [memoryTests, `${memory} update a new state of the secret. Advances \`secretRevision\``],
  },
  "lets a deadline move backwards": {
    breaks: "B24",
    file: record,
    text: "expiresAt: Math.max(record.expiresAt, seen.expiresAt)",
    becomes: "expiresAt: seen.expiresAt",
    killedBy: [memoryTests, `${memory} update a touch. Neither time ever moves backwards`],
  },
  "ends all but the last session of a user": {
    breaks: "promise 2",
    file: memoryStore,
    text: `.filter((record) => record.id !== except);
`,
    becomes: `.filter((record, at, all) => record.id !== except && at < Math.max(1, all.length - 1));
`,
    killedBy: [memoryTests, `${memory} deleteByUser without \`except\` no session is left`],
  },
  "leaves no tombstone": {
    breaks: "B17",
    file: memoryStore,
    text: `    this.#tombstones.add(Object.freeze(tombstone(record, reason, now)));
`,
    becomes: "",
    killedBy: [
      memoryTests,
      `${memory} delete ends a session, leaving a tombstone; returns what it ended, so that exactly one of two racing callers has it`,
    ],
  },
  "prunes all at once": {
    breaks: "B18",
    file: "coatcheck/src/stores/memory/rack.ts",
    text: "const start = Math.max(0, end - batch);",
    becomes: "const start = 0;",
    killedBy: [
      memoryTests,
      `${memory} deleteExpired looks at no more than about \`batch\` sessions and tombstones from \`from\` on and removes those that expired`,
    ],
  },
  "prunes who was used meanwhile": {
    breaks: "B18",
    file: memoryStore,
    text: `const expired = seen.filter((record) => !isLive(record, now));
      for (const record of expired) this.#remove(record);
      return { expired, next: next === undefined ? "tombstones"`,
    becomes: `const expired = seen.filter((record) => !isLive(record, now + 1));
      for (const record of expired) this.#remove(record);
      return { expired, next: next === undefined ? "tombstones"`,
    killedBy: [
      memoryTests,
      `${memory} deleteExpired a session is removed from the millisecond of its deadline on`,
    ],
  },
  "ignores in SQLite what has changed since": {
    breaks: "B15",
    file: sqliteStore,
    text: `        AND secret_revision = coalesce(:ifSecretRevision, secret_revision)
`,
    becomes: "",
    killedBy: [sqliteTests, `${sqlite} races renew against renew: exactly one wins, and what it wrote stays`],
  },
  "ignores in SQLite which data have changed since": {
    breaks: "B9",
    file: sqliteStore,
    text: `
        AND data_revision = coalesce(:ifDataRevision, data_revision)`,
    becomes: "",
    killedBy: [
      sqliteTests,
      `${sqlite} races a counter that is written on the revision it was read at counts everybody`,
    ],
  },
  "updates expired sessions in SQLite": {
    breaks: "B15",
    file: sqliteStore,
    text: `WHERE id = :id AND expires_at > :now
        AND secret_revision`,
    becomes: `WHERE id = :id
        AND secret_revision`,
    killedBy: [
      sqliteTests,
      `${sqlite} update a session is dead from the millisecond of its deadline on, for every change`,
    ],
  },
  "updates sessions in SQLite one millisecond too long": {
    breaks: "B15",
    file: sqliteStore,
    text: `WHERE id = :id AND expires_at > :now
        AND secret_revision`,
    becomes: `WHERE id = :id AND expires_at >= :now
        AND secret_revision`,
    killedBy: [
      sqliteTests,
      `${sqlite} update a session is dead from the millisecond of its deadline on, for every change`,
    ],
  },
  "does not look whether SQLite has updated anything": {
    breaks: "B15",
    file: sqliteStore,
    text: `    return changes === 1;
`,
    becomes: `    return true;
`,
    killedBy: [
      sqliteTests,
      `${sqlite} update changes fields of a live session; false if it is gone, expired at \`now\`, or no longer meets \`condition\``,
    ],
  },
  "moves the last use in SQLite back with the clock": {
    breaks: "B24",
    file: sqliteStore,
    text: "max(last_seen_at, coalesce(:lastSeenAt, last_seen_at))",
    becomes: "coalesce(:lastSeenAt, last_seen_at)",
    killedBy: [sqliteTests, `${sqlite} update a touch. Neither time ever moves backwards`],
  },
  "moves a deadline in SQLite backwards": {
    breaks: "B24",
    file: sqliteStore,
    text: "max(expires_at, coalesce(:expiresAt, expires_at))",
    becomes: "coalesce(:expiresAt, expires_at)",
    killedBy: [sqliteTests, `${sqlite} update a touch. Neither time ever moves backwards`],
  },
  "keeps a pending renewal in SQLite that is over": {
    breaks: "B10",
    file: sqliteStore,
    text: "pending = iif(:secretHash IS NULL, pending, :pending),",
    becomes: "pending = coalesce(:pending, pending),",
    killedBy: [
      sqliteTests,
      `${sqlite} update a new state of the secret without a pending renewal drops the old one`,
    ],
  },
  "lets a session in SQLite come back after its end": {
    breaks: "B9",
    file: sqliteStore,
    text: `        this.#bury(id, former.familyHash, reason, now);
        return { record: former, reason };`,
    becomes: "        return { record: former, reason };",
    killedBy: [sqliteTests, `${sqlite} limit who ended is found as a tombstone wherever one looks`],
  },
  "takes the id of an ended session in SQLite for a new one": {
    breaks: "B9",
    file: sqliteStore,
    text: `
      UNION ALL SELECT 1 FROM coatcheck_ended_sessions WHERE id = :id\``,
    becomes: "`",
    killedBy: [sqliteTests, `${sqlite} insert an ended session is not overwritten either`],
  },
  "spares a user's sessions in SQLite by half": {
    breaks: "promise 2",
    file: sqliteStore,
    text: "WHERE user_id = ? AND id <> ? RETURNING",
    becomes: "WHERE user_id = ? AND id > ? RETURNING",
    killedBy: [
      sqliteTests,
      `${sqlite} deleteByUser ends all sessions of a user but \`except\`, in one step, leaving tombstones; returns what it ended`,
    ],
  },
  "walks all of SQLite at once": {
    breaks: "B18",
    file: sqliteStore,
    text: `walk: prepare("SELECT id, expires_at FROM coatcheck_sessions WHERE id > ? ORDER BY id LIMIT ?"),`,
    becomes: `walk: prepare("SELECT id, expires_at FROM coatcheck_sessions WHERE id > ? ORDER BY id LIMIT ? * 1000"),`,
    killedBy: [
      sqliteTests,
      `${sqlite} deleteExpired looks at no more than about \`batch\` sessions and tombstones from \`from\` on and removes those that expired`,
    ],
  },
  "uses a remembered browser in SQLite twice at one revision": {
    breaks: "B21",
    file: sqliteRemember,
    text: ` AND secret_revision = :secretRevision
`,
    becomes: `
          AND coalesce(:secretRevision, 0) >= 0
`,
    killedBy: [
      sqliteTests,
      `${remembered} races parallel uses at one revision: exactly one is true, and what it wrote stays`,
    ],
  },
  "uses a remembered browser in SQLite after its time": {
    breaks: "B21",
    file: sqliteRemember,
    text: "WHERE id = :id AND expires_at > :now AND",
    becomes: "WHERE id = :id AND coalesce(:now, 0) >= 0 AND",
    killedBy: [
      sqliteTests,
      `${remembered} update a record is dead from the millisecond of its deadline on, and no use moves that`,
    ],
  },
  "forgets in SQLite which session a browser had before": {
    breaks: "protections/remember-me",
    file: sqliteRemember,
    text: "former_session_id = iif(:sessionId IS NULL, former_session_id, session_id),",
    becomes: "former_session_id = NULL,",
    killedBy: [sqliteTests, `${remembered} update the session there was becomes the former one`],
  },
  "gives one session in SQLite to two browsers": {
    breaks: "protections/remember-me",
    file: sqliteRemember,
    text: `
        AND NOT EXISTS (
          SELECT 1 FROM coatcheck_remembered WHERE session_id = :sessionId OR former_session_id = :sessionId
        )\``,
    becomes: "`",
    killedBy: [
      sqliteTests,
      `${remembered} races a session that several browsers are to have becomes that of one`,
    ],
  },
  "counts attempts in SQLite by what was read before the lock": {
    breaks: "protections/throttle",
    file: "coatcheck/src/stores/sqlite/throttle.ts",
    text: `  #count(key: string, rule: ThrottleRule, now: number): AttemptAnswer {
    const verdict = judgeAttempt(this.#find(key), rule, now);
    if (!verdict.allowed) return verdict;`,
    becomes: `  #count(key: string, rule: ThrottleRule, now: number): AttemptAnswer {
    const verdict = judgeAttempt(this.#find(key), { ...rule, free: 1e9, cap: 1e9 }, now);
    if (!verdict.allowed) return verdict;`,
    killedBy: [
      "coatcheck/test/stores/throttle.test.ts",
      "Attempts in SQLite are judged under the lock: what another process counts after the first look counts",
    ],
  },
  "waits for ever for a store that hangs": {
    breaks: "promise 6",
    file: "coatcheck/src/core/gathered.ts",
    text: "within(this.#timeout(), this.#send(questions))",
    becomes: "this.#send(questions)",
    killedBy: [
      "coatcheck/test/core/gathered.test.ts",
      "Questions fail together when their time is over, counted from when they are sent",
    ],
  },
  "takes the failure of a find that keeps its time for no outage": {
    breaks: "promise 6",
    file: "coatcheck/src/core/asked-store.ts",
    text: 'throw new StoreUnavailableError("find", cause);',
    becomes: "throw cause;",
    killedBy: [
      "coatcheck/test/core/outage.test.ts",
      "an outage of a find that keeps its time by itself is the same, also where it throws at once",
    ],
  },
  "goes through the escapes of a text as if they were none": {
    breaks: "decisions/0045-a-session-in-redis-is-one-text",
    file: "coatcheck/src/core/json-lines.ts",
    text: `      end <= this.#plainUntil &&
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/core/json-lines.test.ts",
      "Lines of JSON give back each value, whatever escapes were before it",
    ],
  },
  "leaves the escapes in what a browser said of itself": {
    breaks: "decisions/0050-without-a-cache-nothing-is-kept",
    file: "coatcheck/src/core/stored.ts",
    text: '"([ !#-[\\\\]-\\uffff]*)"',
    becomes: '"(.*?)"',
    killedBy: [
      "coatcheck/test/core/stored.test.ts",
      "A stored client is what was written, whatever a browser said",
    ],
  },
  "reads a client that is damaged by a control character": {
    breaks: "decisions/0050-without-a-cache-nothing-is-kept",
    file: "coatcheck/src/core/stored.ts",
    text: '"([ !#-[\\\\]-\\uffff]*)"',
    becomes: '"([^\\"\\\\\\\\]*)"',
    killedBy: [
      "coatcheck/test/core/stored.test.ts",
      "A stored client is not guessed from what is damaged, and the error does not quote it",
    ],
  },
};
