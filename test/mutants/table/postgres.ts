/** The conditions in the statements of PostgreSQL. Their tests start a server. */
import type { Mutants } from "../mutant.ts";

const postgres = "PostgreSQL The store PostgreSQL";
const remembered = "PostgreSQL Remembered browsers in PostgreSQL";
const statements = "coatcheck/src/stores/postgres/statements.ts";
const remember = "coatcheck/src/stores/postgres/remember.ts";
const contract = "coatcheck/test/stores/postgres.integration.test.ts";

export const postgresMutants: Mutants = {
  "answers in PostgreSQL whoever asks for an unknown session with the next one": {
    breaks: "decisions/0050-without-a-cache-nothing-is-kept",
    file: "coatcheck/src/stores/postgres.ts",
    text: "rows[next]?.[0] === id ? rows[next++] : undefined",
    becomes: "rows[next++]",
    killedBy: [contract, `${postgres} find what is asked together, also twice, each gets its own answer`],
  },
  "updates expired sessions in PostgreSQL": {
    breaks: "B15",
    file: statements,
    text: `WHERE id = $1 AND expires_at > $2
`,
    becomes: `WHERE id = $1 AND $2::bigint IS NOT NULL
`,
    killedBy: [
      contract,
      `${postgres} update a session is dead from the millisecond of its deadline on, for every change`,
    ],
  },
  "ignores in PostgreSQL which secret was expected": {
    breaks: "B10",
    file: statements,
    text: `        AND secret_revision = coalesce($16, secret_revision)
`,
    becomes: `        AND coalesce($16::bigint, 0) >= 0
`,
    killedBy: [contract, `${postgres} races renew against renew: exactly one wins, and what it wrote stays`],
  },
  "ignores in PostgreSQL which data were expected": {
    breaks: "B9",
    file: statements,
    text: `        AND data_revision = coalesce($17, data_revision)
`,
    becomes: `        AND coalesce($17::bigint, 0) >= 0
`,
    killedBy: [
      contract,
      `${postgres} races a counter that is written on the revision it was read at counts everybody`,
    ],
  },
  "moves the last use in PostgreSQL back with the clock": {
    breaks: "B24",
    file: statements,
    text: "last_seen_at = greatest(last_seen_at, $3::bigint),",
    becomes: "last_seen_at = coalesce($3::bigint, last_seen_at),",
    killedBy: [contract, `${postgres} update a touch. Neither time ever moves backwards`],
  },
  "writes the data in PostgreSQL back whole": {
    breaks: "B9",
    file: statements,
    text: "ELSE (data - $14::text[]) || $13::jsonb END",
    becomes: "ELSE ('{}'::jsonb - $14::text[]) || $13::jsonb END",
    killedBy: [contract, `${postgres} races writes to different keys of the data all survive`],
  },
  "touches expired sessions in PostgreSQL": {
    breaks: "B8",
    file: statements,
    text: ` AND session.expires_at > used.now
`,
    becomes: `
`,
    killedBy: [
      "coatcheck/test/stores/postgres-particulars.integration.test.ts",
      "Sessions in PostgreSQL touches of one turn are one statement, and each has its own answer",
    ],
  },
  "evicts the newest session in PostgreSQL": {
    breaks: "B11",
    file: statements,
    text: "ORDER BY created_at DESC, id DESC",
    becomes: "ORDER BY created_at, id",
    killedBy: [contract, `${postgres} limit as many of the oldest leave as it takes`],
  },
  "evicts in PostgreSQL where the policy is to refuse": {
    breaks: "B11",
    file: statements,
    text: `SELECT FROM evicted WHERE \${refuse}`,
    becomes: `SELECT FROM evicted WHERE \${refuse} AND false`,
    killedBy: [contract, `${postgres} limit a refusal changed nothing`],
  },
  "signs a user in twice at a time in PostgreSQL, each under the limit of before": {
    breaks: "B11",
    file: "coatcheck/src/stores/postgres.ts",
    text: "queryAlone(lockOf(record.userId), this.#sql.insert, values)",
    becomes: "queryAlone(lockOf(record.id), this.#sql.insert, values)",
    killedBy: [
      "coatcheck/test/stores/postgres-races.integration.test.ts",
      "Fifty nodes on one PostgreSQL that sign a user in under a limit of three leave three sessions, and end each other once",
    ],
  },
  "takes the id of an ended session in PostgreSQL for a new one": {
    breaks: "B9",
    file: statements,
    text: ` UNION ALL SELECT FROM \${ended} WHERE id = $1
`,
    becomes: `
`,
    killedBy: [contract, `${postgres} insert an ended session is not overwritten either`],
  },
  "ends sessions in PostgreSQL without a tombstone": {
    breaks: "B17",
    file: statements,
    text: `SELECT id, family_hash, reason, \${until} FROM gone
`,
    becomes: `SELECT id, family_hash, reason, \${until} FROM gone WHERE false
`,
    killedBy: [contract, `${postgres} limit who ended is found as a tombstone wherever one looks`],
  },
  "uses a remembered browser in PostgreSQL twice at one revision": {
    breaks: "B21",
    file: remember,
    text: "AND secret_revision = $3 AND",
    becomes: "AND $3::bigint >= 0 AND",
    killedBy: [
      contract,
      `${remembered} races parallel uses at one revision: exactly one is true, and what it wrote stays`,
    ],
  },
  "uses a remembered browser in PostgreSQL after its time": {
    breaks: "B21",
    file: remember,
    text: "WHERE id = $1 AND expires_at > $2 AND",
    becomes: "WHERE id = $1 AND $2::bigint >= 0 AND",
    killedBy: [
      contract,
      `${remembered} update a record is dead from the millisecond of its deadline on, and no use moves that`,
    ],
  },
  "counts attempts in PostgreSQL beyond the wait": {
    breaks: "protections/throttle",
    file: "coatcheck/src/stores/postgres/throttle.ts",
    text: `CASE WHEN counter.failures < \${free} THEN true ELSE counter.last_attempt_at + \${delay} <= \${now} END`,
    becomes: `CASE WHEN counter.failures < \${free} THEN true ELSE counter.last_attempt_at + \${delay} * 0 <= \${now} END`,
    killedBy: [
      "coatcheck/test/stores/throttle.integration.test.ts",
      "PostgreSQL Attempts in PostgreSQL attempt the wait doubles with each failure, up to the longest",
    ],
  },
};
