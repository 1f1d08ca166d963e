/** Users in PostgreSQL. Any number of servers may share them. */
import type { Pool, PoolClient, QueryResult } from "pg";
import type { AccountStore } from "./account-store.ts";
import { emailKey } from "./email.ts";
import type { User } from "./user.ts";

/** How long one question may take, in milliseconds. */
const patience = 2_000;

interface Row {
  readonly id: string;
  readonly email: string;
  readonly password_hash: string;
  // PostgreSQL's bigint may be more than a number can hold, so `pg` gives text. These are not.
  readonly credential_version: string;
  readonly credentials_changed_at: string;
  readonly roles: string[];
  readonly disabled: boolean;
  readonly created_at: string;
}

const insertInto = `INSERT INTO coatcheck_users
  (id, email, email_key, password_hash, credential_version, credentials_changed_at, roles, disabled, created_at)`;

const insertFirst = `${insertInto}
  SELECT $1, $2, $3, $4, $5::bigint, $6::bigint, $7::text[], $8::boolean, $9::bigint
  WHERE NOT EXISTS (SELECT 1 FROM coatcheck_users)`;

export class PostgresAccounts implements AccountStore {
  readonly #pool: Pool;

  /** On tables that `migrateAccounts` made. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async isEmpty(): Promise<boolean> {
    const { rows } = await this.#query("SELECT NOT EXISTS (SELECT 1 FROM coatcheck_users) AS empty", []);
    return rows[0].empty;
  }

  async find(id: string): Promise<User | undefined> {
    return this.#user("SELECT * FROM coatcheck_users WHERE id = $1", id);
  }

  async findByEmail(key: string): Promise<User | undefined> {
    return this.#user("SELECT * FROM coatcheck_users WHERE email_key = $1", key);
  }

  async list(after: string, limit: number): Promise<User[]> {
    const { rows } = await this.#query(
      "SELECT * FROM coatcheck_users WHERE email_key > $1 ORDER BY email_key LIMIT $2",
      [after, limit],
    );
    return rows.map(toUser);
  }

  async insert(user: User): Promise<boolean> {
    const { rowCount } = await this.#query(
      `${insertInto} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email_key) DO NOTHING`,
      toRow(user),
    );
    return rowCount === 1;
  }

  async insertFirst(user: User): Promise<boolean> {
    return this.#alone(async (query) => (await query(insertFirst, toRow(user))).rowCount === 1);
  }

  async insertFirstByLink(user: User, linkHash: string, now: number): Promise<boolean> {
    return this.#alone(async (query) => {
      const used = await query("DELETE FROM coatcheck_setup_links WHERE link_hash = $1 AND expires_at > $2", [
        linkHash,
        now,
      ]);
      return used.rowCount === 1 && (await query(insertFirst, toRow(user))).rowCount === 1;
    });
  }

  async replaceSetupLink(linkHash: string, expiresAt: number): Promise<void> {
    await this.#alone(async (query) => {
      await query("DELETE FROM coatcheck_setup_links", []);
      await query("INSERT INTO coatcheck_setup_links (link_hash, expires_at) VALUES ($1, $2)", [
        linkHash,
        expiresAt,
      ]);
      return true;
    });
  }

  async changePassword(id: string, version: number, passwordHash: string, now: number): Promise<boolean> {
    const { rowCount } = await this.#query(
      `UPDATE coatcheck_users
       SET password_hash = $3, credential_version = credential_version + 1, credentials_changed_at = $4
       WHERE id = $1 AND credential_version = $2`,
      [id, version, passwordHash, now],
    );
    return rowCount === 1;
  }

  async rehashPassword(id: string, version: number, passwordHash: string): Promise<void> {
    await this.#query(
      "UPDATE coatcheck_users SET password_hash = $3 WHERE id = $1 AND credential_version = $2",
      [id, version, passwordHash],
    );
  }

  async setDisabled(id: string, disabled: boolean): Promise<boolean> {
    const { rowCount } = await this.#query("UPDATE coatcheck_users SET disabled = $2 WHERE id = $1", [
      id,
      disabled,
    ]);
    return rowCount === 1;
  }

  async #user(sql: string, key: string): Promise<User | undefined> {
    // Not a text to PostgreSQL, so nobody's: what was typed must not look like an outage.
    if (key.includes("\0")) return undefined;
    const { rows } = await this.#query(sql, [key]);
    return rows[0] && toUser(rows[0]);
  }

  #query(text: string, values: unknown[]): Promise<QueryResult> {
    return this.#pool.query(asked(text, values));
  }

  /**
   * Runs all of `work`, or undoes it if it says no, while nobody else adds users. The lock is a statement of its own:
   * one that takes it and then reads would not see what was committed while it waited.
   */
  async #alone(work: (query: Query) => Promise<boolean>): Promise<boolean> {
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      return await transaction(client, work);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // A transaction may still be open on a connection that failed.
      client.release(failure);
    }
  }
}

type Query = (text: string, values: unknown[]) => Promise<QueryResult>;

async function transaction(client: PoolClient, work: (query: Query) => Promise<boolean>): Promise<boolean> {
  const query: Query = (text, values) => client.query(asked(text, values));
  const limits = ["statement_timeout", "idle_in_transaction_session_timeout"];
  const begin = [
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    ...limits.map((limit) => `SET LOCAL ${limit} = ${patience}`),
    "LOCK TABLE coatcheck_users IN SHARE ROW EXCLUSIVE MODE",
  ];
  for (const statement of begin) await query(statement, []);
  const done = await work(query);
  await query(done ? "COMMIT" : "ROLLBACK", []);
  return done;
}

function asked(text: string, values: unknown[]) {
  // `@types/pg` does not know `query_timeout` of a single query.
  return { text, values, query_timeout: patience };
}

function toRow(user: User): unknown[] {
  return [
    user.id,
    user.email,
    emailKey(user.email),
    user.passwordHash,
    user.credentialVersion,
    user.credentialsChangedAt,
    [...user.roles],
    user.disabled,
    user.createdAt,
  ];
}

function toUser(row: Row): User {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    credentialVersion: Number(row.credential_version),
    credentialsChangedAt: Number(row.credentials_changed_at),
    roles: row.roles,
    disabled: row.disabled,
    createdAt: Number(row.created_at),
  };
}
