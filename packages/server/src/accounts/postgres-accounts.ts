/** Users in PostgreSQL. Any number of servers may share them. */
import type { Pool, QueryResult } from "pg";
import { ask, inTransaction, type Query } from "../storage/postgres-transaction.ts";
import type { AccountStore, ResetCode } from "./account-store.ts";
import { emailKey } from "./email.ts";
import type { Rights, User } from "./user.ts";

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

  async list(after: string, limit: number, part = ""): Promise<User[]> {
    // Not a text to PostgreSQL, so a part of nobody's address.
    if (part.includes("\0")) return [];
    // Nor here. It orders before every other character, so nothing lies between.
    const [start] = after.split("\0");
    const { rows } = await this.#query(
      "SELECT * FROM coatcheck_users WHERE email_key > $1 AND strpos(email_key, $3) > 0 ORDER BY email_key LIMIT $2",
      [start, limit, part],
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

  async addResetCode(code: ResetCode, now: number): Promise<boolean> {
    const { hash, userId, credentialVersion, requestedAt, expiresAt } = code;
    // Two requests of one user in a row, or the earlier one would not see the later one's code.
    const lock = "SELECT FROM coatcheck_users WHERE id = $1 FOR UPDATE";
    return inTransaction(this.#pool, [lock, userId], async (query) => {
      await query(
        "DELETE FROM coatcheck_reset_codes WHERE expires_at <= $1 OR (user_id = $2 AND requested_at < $3)",
        [now, userId, requestedAt],
      );
      const { rowCount } = await query(
        `INSERT INTO coatcheck_reset_codes (code_hash, user_id, credential_version, requested_at, expires_at)
         SELECT $1, $2, $3::bigint, $4::bigint, $5::bigint WHERE NOT EXISTS
         (SELECT 1 FROM coatcheck_reset_codes WHERE user_id = $2 AND requested_at > $4::bigint)`,
        [hash, userId, credentialVersion, requestedAt, expiresAt],
      );
      return rowCount === 1;
    });
  }

  async findByResetCode(codeHash: string, now: number): Promise<User | undefined> {
    const { rows } = await this.#query(
      `SELECT coatcheck_users.* FROM coatcheck_reset_codes AS code JOIN coatcheck_users
       ON id = user_id AND coatcheck_users.credential_version = code.credential_version AND NOT disabled
       WHERE code_hash = $1 AND expires_at > $2`,
      [codeHash, now],
    );
    return rows[0] && toUser(rows[0]);
  }

  async changePasswordByCode(codeHash: string, passwordHash: string, now: number): Promise<boolean> {
    const { rowCount } = await this.#query(
      `WITH used AS (
         DELETE FROM coatcheck_reset_codes WHERE code_hash = $1 AND expires_at > $3
         RETURNING user_id, credential_version AS replaceable)
       UPDATE coatcheck_users
       SET password_hash = $2, credential_version = credential_version + 1, credentials_changed_at = $3
       FROM used WHERE id = user_id AND credential_version = replaceable AND NOT disabled`,
      [codeHash, passwordHash, now],
    );
    return rowCount === 1;
  }

  async rehashPassword(id: string, version: number, passwordHash: string): Promise<void> {
    await this.#query(
      "UPDATE coatcheck_users SET password_hash = $3 WHERE id = $1 AND credential_version = $2",
      [id, version, passwordHash],
    );
  }

  async changeRights(id: string, { roles, disabled }: Partial<Rights>, by?: string): Promise<boolean> {
    return this.#alone(async (query) => {
      const { rowCount } = await query(
        `UPDATE coatcheck_users
         SET roles = coalesce($2::text[], roles), disabled = coalesce($3::boolean, disabled)
         WHERE id = $1 AND ($4::text IS NULL OR EXISTS
         (SELECT 1 FROM coatcheck_users AS by WHERE by.id = $4 AND 'admin' = ANY (by.roles) AND NOT by.disabled))`,
        [id, roles ?? null, disabled ?? null, by ?? null],
      );
      return rowCount === 1;
    });
  }

  async #user(sql: string, key: string): Promise<User | undefined> {
    // Not a text to PostgreSQL, so nobody's: what was typed must not look like an outage.
    if (key.includes("\0")) return undefined;
    const { rows } = await this.#query(sql, [key]);
    return rows[0] && toUser(rows[0]);
  }

  #query(text: string, values: unknown[]): Promise<QueryResult> {
    return ask(this.#pool, text, values);
  }

  /** Runs all of `work`, or undoes it if it says no, while nobody else adds or changes users. */
  #alone(work: (query: Query) => Promise<boolean>): Promise<boolean> {
    return inTransaction(this.#pool, ["LOCK TABLE coatcheck_users IN SHARE ROW EXCLUSIVE MODE"], work);
  }
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
