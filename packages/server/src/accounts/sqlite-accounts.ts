/** Users in SQLite. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { migrate } from "../database.ts";
import type { AccountStore } from "./account-store.ts";
import { emailKey } from "./email.ts";
import type { User } from "./user.ts";

/** Append only: what has run on somebody's database stays as it was. */
const migrations = [
  `CREATE TABLE coatcheck_users (
     id TEXT PRIMARY KEY,
     email TEXT NOT NULL,
     email_key TEXT NOT NULL UNIQUE,
     password_hash TEXT NOT NULL,
     credential_version INTEGER NOT NULL,
     credentials_changed_at INTEGER NOT NULL,
     roles TEXT NOT NULL,
     disabled INTEGER NOT NULL,
     created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE coatcheck_setup_links (
     link_hash TEXT PRIMARY KEY,
     expires_at INTEGER NOT NULL
   ) STRICT;`,
];

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
  readonly #rehashPassword: StatementSync;
  readonly #setDisabled: StatementSync;

  constructor(database: DatabaseSync) {
    migrate(database, "coatcheck_account_migrations", migrations);
    this.#database = database;
    this.#isEmpty = database.prepare("SELECT NOT EXISTS (SELECT 1 FROM coatcheck_users) AS empty");
    this.#find = database.prepare("SELECT * FROM coatcheck_users WHERE id = ?");
    this.#findByEmail = database.prepare("SELECT * FROM coatcheck_users WHERE email_key = ?");
    this.#list = database.prepare(
      "SELECT * FROM coatcheck_users WHERE email_key > ? ORDER BY email_key LIMIT ?",
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
    this.#rehashPassword = database.prepare(
      "UPDATE coatcheck_users SET password_hash = ? WHERE id = ? AND credential_version = ?",
    );
    this.#setDisabled = database.prepare("UPDATE coatcheck_users SET disabled = ? WHERE id = ?");
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

  async list(after: string, limit: number): Promise<User[]> {
    return this.#list.all(after, limit).flatMap((row) => toUser(row) ?? []);
  }

  async insert(user: User): Promise<boolean> {
    return this.#insert.run(...toRow(user)).changes === 1;
  }

  async insertFirst(user: User): Promise<boolean> {
    return this.#insertFirst.run(...toRow(user)).changes === 1;
  }

  async insertFirstByLink(user: User, linkHash: string, now: number): Promise<boolean> {
    return this.#transaction(
      () =>
        this.#useLink.run(linkHash, now).changes === 1 && this.#insertFirst.run(...toRow(user)).changes === 1,
    );
  }

  async replaceSetupLink(linkHash: string, expiresAt: number): Promise<void> {
    this.#transaction(() => {
      this.#dropLinks.run();
      this.#insertLink.run(linkHash, expiresAt);
      return true;
    });
  }

  async changePassword(id: string, version: number, passwordHash: string, now: number): Promise<boolean> {
    return this.#changePassword.run(passwordHash, now, id, version).changes === 1;
  }

  async rehashPassword(id: string, version: number, passwordHash: string): Promise<void> {
    this.#rehashPassword.run(passwordHash, id, version);
  }

  async setDisabled(id: string, disabled: boolean): Promise<boolean> {
    return this.#setDisabled.run(disabled ? 1 : 0, id).changes === 1;
  }

  /** Runs all of `work`, or undoes it if it says no. Nothing awaits inside: one connection, one transaction. */
  #transaction(work: () => boolean): boolean {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const done = work();
      this.#database.exec(done ? "COMMIT" : "ROLLBACK");
      return done;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
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
