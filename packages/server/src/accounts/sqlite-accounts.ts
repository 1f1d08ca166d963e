/** Users in SQLite. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { inTransaction } from "../database.ts";
import type { AccountStore, ResetCode } from "./account-store.ts";
import { emailKey } from "./email.ts";
import { migrateAccounts } from "./sqlite-accounts-schema.ts";
import type { Rights, User } from "./user.ts";

interface Row {
  readonly id: string;
  readonly email: string;
  readonly password_hash: string;
  readonly credential_version: number;
  readonly credentials_changed_at: number;
  readonly roles: string;
  readonly disabled: number;
  readonly created_at: number;
}

export class SqliteAccounts implements AccountStore {
  readonly #database: DatabaseSync;
  readonly #isEmpty: StatementSync;
  readonly #find: StatementSync;
  readonly #findByEmail: StatementSync;
  readonly #list: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertFirst: StatementSync;
  readonly #useLink: StatementSync;
  readonly #dropLinks: StatementSync;
  readonly #insertLink: StatementSync;
  readonly #changePassword: StatementSync;
  readonly #dropResetCodes: StatementSync;
  readonly #addResetCode: StatementSync;
  readonly #findByResetCode: StatementSync;
  readonly #useResetCode: StatementSync;
  readonly #rehashPassword: StatementSync;
  readonly #changeRights: StatementSync;

  constructor(database: DatabaseSync) {
    migrateAccounts(database);
    this.#database = database;
    this.#isEmpty = database.prepare("SELECT NOT EXISTS (SELECT 1 FROM coatcheck_users) AS empty");
    this.#find = database.prepare("SELECT * FROM coatcheck_users WHERE id = ?");
    this.#findByEmail = database.prepare("SELECT * FROM coatcheck_users WHERE email_key = ?");
    this.#list = database.prepare(
      "SELECT * FROM coatcheck_users WHERE email_key > ? AND instr(email_key, ?) > 0 ORDER BY email_key LIMIT ?",
    );
    const insertInto = `INSERT INTO coatcheck_users
      (id, email, email_key, password_hash, credential_version, credentials_changed_at, roles, disabled, created_at)`;
    this.#insert = database.prepare(
      `${insertInto} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING`,
    );
    this.#insertFirst = database.prepare(
      `${insertInto} SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM coatcheck_users)`,
    );
    this.#useLink = database.prepare(
      "DELETE FROM coatcheck_setup_links WHERE link_hash = ? AND expires_at > ?",
    );
    this.#dropLinks = database.prepare("DELETE FROM coatcheck_setup_links");
    this.#insertLink = database.prepare(
      "INSERT INTO coatcheck_setup_links (link_hash, expires_at) VALUES (?, ?)",
    );
    this.#changePassword = database.prepare(
      `UPDATE coatcheck_users
       SET password_hash = ?, credential_version = credential_version + 1, credentials_changed_at = ?
       WHERE id = ? AND credential_version = ?`,
    );
    this.#dropResetCodes = database.prepare(
      "DELETE FROM coatcheck_reset_codes WHERE expires_at <= ? OR (user_id = ? AND requested_at < ?)",
    );
    this.#addResetCode = database.prepare(
      `INSERT INTO coatcheck_reset_codes (code_hash, user_id, credential_version, requested_at, expires_at)
       SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS
       (SELECT 1 FROM coatcheck_reset_codes WHERE user_id = ?2 AND requested_at > ?4)`,
    );
    this.#findByResetCode = database.prepare(
      `SELECT coatcheck_users.* FROM coatcheck_reset_codes AS code JOIN coatcheck_users
       ON id = user_id AND coatcheck_users.credential_version = code.credential_version AND NOT disabled
       WHERE code_hash = ? AND expires_at > ?`,
    );
    this.#useResetCode = database.prepare("DELETE FROM coatcheck_reset_codes WHERE code_hash = ?");
    this.#rehashPassword = database.prepare(
      "UPDATE coatcheck_users SET password_hash = ? WHERE id = ? AND credential_version = ?",
    );
    this.#changeRights = database.prepare(
      `UPDATE coatcheck_users SET roles = coalesce(?, roles), disabled = coalesce(?, disabled)
       WHERE id = ? AND (? IS NULL OR EXISTS (SELECT 1 FROM coatcheck_users AS by, json_each(by.roles) AS role
         WHERE by.id = ? AND role.value = 'admin' AND NOT by.disabled))`,
    );
  }

  async isEmpty(): Promise<boolean> {
    return this.#isEmpty.get()?.empty === 1;
  }

  async find(id: string): Promise<User | undefined> {
    return toUser(this.#find.get(id));
  }

  async findByEmail(key: string): Promise<User | undefined> {
    return toUser(this.#findByEmail.get(key));
  }

  async list(after: string, limit: number, part = ""): Promise<User[]> {
    return this.#list.all(after, part, limit).flatMap((row) => toUser(row) ?? []);
  }

  async insert(user: User): Promise<boolean> {
    return this.#insert.run(...toRow(user)).changes === 1;
  }

  async insertFirst(user: User): Promise<boolean> {
    return this.#insertFirst.run(...toRow(user)).changes === 1;
  }

  async insertFirstByLink(user: User, linkHash: string, now: number): Promise<boolean> {
    return inTransaction(
      this.#database,
      () =>
        this.#useLink.run(linkHash, now).changes === 1 && this.#insertFirst.run(...toRow(user)).changes === 1,
    );
  }

  async replaceSetupLink(linkHash: string, expiresAt: number): Promise<void> {
    inTransaction(this.#database, () => {
      this.#dropLinks.run();
      this.#insertLink.run(linkHash, expiresAt);
      return true;
    });
  }

  async changePassword(id: string, version: number, passwordHash: string, now: number): Promise<boolean> {
    return this.#changePassword.run(passwordHash, now, id, version).changes === 1;
  }

  async addResetCode(code: ResetCode, now: number): Promise<boolean> {
    const { hash, userId, credentialVersion, requestedAt, expiresAt } = code;
    return inTransaction(this.#database, () => {
      this.#dropResetCodes.run(now, userId, requestedAt);
      return this.#addResetCode.run(hash, userId, credentialVersion, requestedAt, expiresAt).changes === 1;
    });
  }

  async findByResetCode(codeHash: string, now: number): Promise<User | undefined> {
    return toUser(this.#findByResetCode.get(codeHash, now));
  }

  async changePasswordByCode(codeHash: string, passwordHash: string, now: number): Promise<boolean> {
    return inTransaction(this.#database, () => {
      const user = toUser(this.#findByResetCode.get(codeHash, now));
      if (!user) return false;
      this.#useResetCode.run(codeHash);
      return this.#changePassword.run(passwordHash, now, user.id, user.credentialVersion).changes === 1;
    });
  }

  async rehashPassword(id: string, version: number, passwordHash: string): Promise<void> {
    this.#rehashPassword.run(passwordHash, id, version);
  }

  async changeRights(id: string, { roles, disabled }: Partial<Rights>, by?: string): Promise<boolean> {
    const values = [roles ? JSON.stringify(roles) : null, disabled === undefined ? null : Number(disabled)];
    const actor = by ?? null;
    return this.#changeRights.run(...values, id, actor, actor).changes === 1;
  }
}

function toRow(user: User): SQLInputValue[] {
  return [
    user.id,
    user.email,
    emailKey(user.email),
    user.passwordHash,
    user.credentialVersion,
    user.credentialsChangedAt,
    JSON.stringify(user.roles),
    user.disabled ? 1 : 0,
    user.createdAt,
  ];
}

function toUser(found: Record<string, unknown> | undefined): User | undefined {
  if (!found) return undefined;
  const row = found as unknown as Row;
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    credentialVersion: row.credential_version,
    credentialsChangedAt: row.credentials_changed_at,
    roles: JSON.parse(row.roles) as string[],
    disabled: row.disabled === 1,
    createdAt: row.created_at,
  };
}
