/** Opens the stores that the configuration names, and closes them again. Only the client that is needed is loaded. */
import type { AuditStore, ProjectedDirectory, SessionDirectory, SessionStore, Warn } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import type { PostgresSessionStore } from "coatcheck/postgres";
import { SqliteSessionStore } from "coatcheck/sqlite";
import type { Pool } from "pg";
import type { AccountStore } from "../accounts/account-store.ts";
import { SqliteAccounts } from "../accounts/sqlite-accounts.ts";
import type { Config } from "../config.ts";
import { DatabaseOpenError, openDatabase, prepareFile } from "../database.ts";
import type { FigureStore } from "../figures/figure-store.ts";
import { SqliteFigures } from "../figures/sqlite-figures.ts";
import type { MailStore } from "../mail/mail-store.ts";
import { SqliteMail } from "../mail/sqlite-mail.ts";
import { type DatabaseAddress, type StoreAddress, sameAddress } from "../store-address.ts";
import { StorageError } from "./storage-error.ts";

export interface Storage {
  readonly accounts: AccountStore;
  /** In the same database as `accounts`. */
  readonly mail: MailStore;
  /** In the same database as `accounts`, wherever sessions are. */
  readonly figures: FigureStore;
  /** In the same database as `accounts`, wherever sessions are. */
  readonly audit: AuditStore;
  readonly sessions: SessionStore;
  /** Where they are searched; undefined if it cannot be done where they are. */
  readonly directory: SessionDirectory | undefined;
  /** In the same database as `accounts`: for sessions that cannot be searched where they are. */
  readonly projection: ProjectedDirectory;
  close(): Promise<void>;
}

/** A store of sessions, and where they are searched, if that can be done where they are. */
type SearchableStore = SessionStore & { readonly directory?: SessionDirectory };

/**
 * With tables that are up to date, and proof that everything answers.
 * @throws DatabaseOpenError, StorageError
 */
export async function openStorage(
  { database, sessions }: Pick<Config, "database" | "sessions">,
  warn: Warn,
): Promise<Storage> {
  await using opening = new Opening(warn);
  const accounts = await answering("COATCHECK_DATABASE", database, () => opening.accounts(database));
  const beside = await answering("COATCHECK_DATABASE", database, () => opening.database(database));
  const store: SearchableStore = sameAddress(database, sessions)
    ? beside
    : await answering("COATCHECK_SESSIONS", sessions, () => opening.sessions(sessions));
  return {
    ...accounts,
    audit: beside.audit,
    sessions: store,
    directory: store.directory,
    projection: beside.projection,
    close: opening.complete(),
  };
}

/** The sessions alone, for looking at them: nothing is made or brought up to date in a database of others. */
export interface OpenSessions extends AsyncDisposable {
  readonly store: SessionStore;
}

/** @throws DatabaseOpenError, StorageError */
export async function openSessions({ sessions }: Pick<Config, "sessions">): Promise<OpenSessions> {
  await using opening = new Opening(() => {}, { migrates: false });
  const store = await answering("COATCHECK_SESSIONS", sessions, () => opening.sessions(sessions));
  return { store, [Symbol.asyncDispose]: opening.complete() };
}

/** What has been opened so far, and is closed again if the rest cannot be. */
class Opening implements AsyncDisposable {
  readonly #warn: Warn;
  readonly #migrates: boolean;
  readonly #opened = new AsyncDisposableStack();
  readonly #pools = new Map<string, Pool>();

  constructor(warn: Warn, { migrates = true } = {}) {
    this.#warn = warn;
    this.#migrates = migrates;
  }

  async accounts(address: DatabaseAddress): Promise<Pick<Storage, "accounts" | "mail" | "figures">> {
    if (address.kind === "sqlite") {
      const database = openDatabase(address.file);
      this.#opened.defer(() => database.close());
      return {
        accounts: new SqliteAccounts(database),
        mail: new SqliteMail(database),
        figures: new SqliteFigures(database),
      };
    }
    const pool = await this.#pool(address.url);
    const { migrateAccounts } = await import("../accounts/postgres-accounts-schema.ts");
    const { PostgresAccounts } = await import("../accounts/postgres-accounts.ts");
    const { PostgresFigures } = await import("../figures/postgres-figures.ts");
    const { PostgresMail } = await import("../mail/postgres-mail.ts");
    await migrateAccounts(pool);
    return {
      accounts: new PostgresAccounts(pool),
      mail: new PostgresMail(pool),
      figures: new PostgresFigures(pool),
    };
  }

  /** Sessions, the audit, and where sessions are searched. */
  async database(address: DatabaseAddress): Promise<SqliteSessionStore | PostgresSessionStore> {
    if (address.kind === "sqlite") {
      prepareFile(address.file);
      const store = new SqliteSessionStore(address.file);
      this.#opened.defer(() => store.close());
      return store;
    }
    const postgres = await import("coatcheck/postgres");
    const store = new postgres.PostgresSessionStore(await this.#pool(address.url));
    if (this.#migrates) await store.migrate();
    return store;
  }

  async sessions(address: StoreAddress): Promise<SearchableStore> {
    switch (address.kind) {
      case "memory":
        return new MemorySessionStore();
      case "sqlite":
      case "postgres":
        return this.database(address);
      case "redis": {
        const { RedisSessionStore } = await import("coatcheck/redis");
        const { connectRedis } = await import("./redis-connection.ts");
        const { client, close } = await connectRedis(address.url, this.#warn);
        this.#opened.defer(close);
        const store = new RedisSessionStore(client);
        await store.time();
        return store;
      }
    }
  }

  /** From now on nothing is closed but by what this returns. */
  complete(): () => Promise<void> {
    const opened = this.#opened.move();
    return () => opened.disposeAsync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }

  /** One for users and sessions, where they are in the same database. */
  async #pool(url: string): Promise<Pool> {
    const known = this.#pools.get(url);
    if (known) return known;
    const { closePostgresPool, openPostgresPool } = await import("./postgres-pool.ts");
    const pool = await openPostgresPool(url, this.#warn);
    this.#opened.defer(() => closePostgresPool(pool));
    this.#pools.set(url, pool);
    return pool;
  }
}

async function answering<T>(
  setting: "COATCHECK_DATABASE" | "COATCHECK_SESSIONS",
  address: StoreAddress,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (address.kind === "sqlite") throw new DatabaseOpenError(setting, address.file, cause);
    throw new StorageError(setting, address, cause);
  }
}
