/** Failed attempts in SQLite. */
import type { StatementSync } from "node:sqlite";
import type {
  AttemptAnswer,
  ThrottleCounter,
  ThrottlePruneStep,
  ThrottleRule,
  ThrottleStore,
} from "../../core/throttle-store.ts";
import { judgeAttempt } from "../../throttle/rule.ts";
import { type Connection, rowOf } from "./connection.ts";

/** Nobody waits for the disk: what a power cut takes is the failures of the last second. */
export class SqliteThrottleStore implements ThrottleStore {
  readonly #connection: Connection;
  readonly #sql: Statements;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepareStatements(connection);
  }

  /** Looks without a lock first: a flood of attempts that may not be made holds nobody up. */
  async attempt(key: string, rule: ThrottleRule, now: number): Promise<AttemptAnswer> {
    const verdict = judgeAttempt(this.#find(key), rule, now);
    return verdict.allowed ? await this.#connection.write(() => this.#count(key, rule, now)) : verdict;
  }

  async refund(key: string): Promise<void> {
    await this.#connection.write(() => this.#sql.refund.run(key));
  }

  async reset(key: string): Promise<boolean> {
    return this.#connection.write(() => this.#sql.delete.run(key).changes === 1);
  }

  async find(key: string): Promise<ThrottleCounter | undefined> {
    return this.#find(key);
  }

  async deleteExpired(now: number, batch: number, from = ""): Promise<ThrottlePruneStep> {
    const { walk, deleteExpired } = this.#sql;
    const { rows, next } = await this.#connection.prune(walk, deleteExpired, now, batch, from);
    return { removed: rows.length, next };
  }

  #find(key: string): ThrottleCounter | undefined {
    const row = this.#sql.find.get(key);
    if (!row) return undefined;
    const [failures, lastAttemptAt, forgottenAt] = rowOf(row) as [number, number, number];
    return { failures, lastAttemptAt, forgottenAt };
  }

  #count(key: string, rule: ThrottleRule, now: number): AttemptAnswer {
    const verdict = judgeAttempt(this.#find(key), rule, now);
    if (!verdict.allowed) return verdict;
    const { failures, lastAttemptAt, forgottenAt } = verdict.counter;
    this.#sql.keep.run(key, failures, lastAttemptAt, forgottenAt);
    return { allowed: true };
  }
}

type Statements = Readonly<
  Record<"find" | "keep" | "refund" | "delete" | "walk" | "deleteExpired", StatementSync>
>;

function prepareStatements(connection: Connection): Statements {
  const table = "coatcheck_attempts";
  const prepare = (sql: string) => connection.prepare(sql);
  return {
    find: prepare(`SELECT failures, last_attempt_at, forgotten_at FROM ${table} WHERE key = ?`),
    keep: prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?, ?)`),
    refund: prepare(`UPDATE ${table} SET failures = max(failures - 1, 0) WHERE key = ?`),
    delete: prepare(`DELETE FROM ${table} WHERE key = ?`),
    walk: prepare(`SELECT key, forgotten_at FROM ${table} WHERE key > ? ORDER BY key LIMIT ?`),
    deleteExpired: prepare(
      `DELETE FROM ${table} WHERE key > ? AND key <= ? AND forgotten_at <= ? RETURNING key`,
    ),
  };
}
