/** Failed attempts in PostgreSQL. */
import type {
  AttemptAnswer,
  ThrottleCounter,
  ThrottlePruneStep,
  ThrottleRule,
  ThrottleStore,
} from "../../core/throttle-store.ts";
import { mostDoublings, opensAt } from "../../throttle/rule.ts";
import type { Database } from "./database.ts";
import { prefix } from "./name.ts";
import type { Row } from "./row.ts";
import { named, prune, type Statement } from "./statements.ts";

export class PostgresThrottleStore implements ThrottleStore {
  readonly #database: Database;
  readonly #sql: Statements;

  constructor(database: Database, schema: string | undefined) {
    this.#database = database;
    this.#sql = statements(schema);
  }

  /** One statement decides. How long a refusal lasts is read afterwards: until then nothing is allowed, so it holds. */
  async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
    const { free, firstDelay, longestDelay, cap, forgetAfter } = rule;
    const most = Math.min(cap, Number.MAX_SAFE_INTEGER);
    const values = [key, now, now + forgetAfter, free, firstDelay, longestDelay, most];
    const counted = await this.#database.query(this.#sql.attempt, values);
    if (counted.length > 0) return { allowed: true };
    const counter = await this.find(key);
    return { allowed: false, retryAfter: Math.max(1, counter ? opensAt(counter, rule) - now : 0) };
  }

  async refund(key: string): Promise<void> {
    await this.#database.query(this.#sql.refund, [key]);
  }

  async reset(key: string): Promise<boolean> {
    const removed = await this.#database.query(this.#sql.reset, [key]);
    return removed.length > 0;
  }

  async find(key: string): Promise<ThrottleCounter | undefined> {
    const [row] = await this.#database.query(this.#sql.find, [key]);
    return row && toCounter(row);
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<ThrottlePruneStep> {
    const rows = await this.#database.query(this.#sql.deleteExpired, [from, batch, now]);
    const [count, last] = rows[0]!;
    const removed = rows.filter(([, , key]) => key !== null).length;
    return { removed, next: Number(count) < batch ? undefined : last! };
  }
}

function toCounter(row: Row): ThrottleCounter {
  const [failures, lastAttemptAt, forgottenAt] = row.map(Number) as [number, number, number];
  return { failures, lastAttemptAt, forgottenAt };
}

type Statements = Readonly<Record<"attempt" | "refund" | "reset" | "find" | "deleteExpired", Statement>>;

function statements(schema: string | undefined): Statements {
  const attempts = `${prefix(schema)}coatcheck_attempts`;
  const [now, forgottenAt, free, firstDelay, longestDelay, cap] = [2, 3, 4, 5, 6, 7].map(
    (place) => `$${place}::bigint`,
  );
  const delay = `least(${longestDelay}, ${firstDelay} << least(counter.failures - ${free}, ${mostDoublings})::integer)`;
  const isForgotten = `counter.forgotten_at <= ${now}`;

  return named({
    /** The rule is that of `judgeAttempt`. Who comes while another one counts waits for the row, and sees that count. */
    attempt: `
      INSERT INTO ${attempts} AS counter (key, failures, last_attempt_at, forgotten_at)
      VALUES ($1, 1, ${now}, ${forgottenAt})
      ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN ${isForgotten} THEN 1 ELSE counter.failures + 1 END,
        last_attempt_at = CASE WHEN ${isForgotten} THEN ${now} ELSE greatest(counter.last_attempt_at, ${now}) END,
        forgotten_at = greatest(counter.forgotten_at, ${forgottenAt})
      WHERE ${isForgotten} OR (counter.failures < ${cap} AND
        CASE WHEN counter.failures < ${free} THEN true ELSE counter.last_attempt_at + ${delay} <= ${now} END)
      RETURNING 1`,

    refund: `UPDATE ${attempts} SET failures = greatest(failures - 1, 0) WHERE key = $1`,
    reset: `DELETE FROM ${attempts} WHERE key = $1 RETURNING 1`,
    find: `SELECT failures, last_attempt_at, forgotten_at FROM ${attempts} WHERE key = $1`,
    deleteExpired: prune(attempts, "forgotten_at", { key: "key" }),
  });
}
