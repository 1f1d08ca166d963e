/** The people of a soak: users, sessions and remembered browsers, written straight into the server's stores. */
import { randomInt } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { KeyRing, SessionManager, type SessionStore } from "coatcheck";
import { SqliteSessionStore } from "coatcheck/sqlite";
import type { AccountStore } from "../../src/accounts/account-store.ts";
import { PasswordHasher } from "../../src/accounts/password-hasher.ts";
import { SqliteAccounts } from "../../src/accounts/sqlite-accounts.ts";
import { newUserId } from "../../src/accounts/user.ts";
import { readConfig } from "../../src/config.ts";
import { prepareFile } from "../../src/database.ts";
import { openStorage } from "../../src/storage/storage.ts";
import type { Settings } from "../support/command-line.ts";

export const userAgent = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
export const password = "tea kettle upstairs window";

const hour = 60 * 60_000;
const month = 30 * 24 * hour;
/** So many are written at once. */
const width = 50;

export interface Town extends AsyncDisposable {
  readonly emails: readonly string[];
  /** A session cookie of each user. */
  readonly cookies: readonly string[];
  /** The latest cookies of remembered browsers; each use replaces one. */
  readonly remembered: string[];
  /** Signs somebody in who has no cookie here, and ends that session again: on another node than the server. */
  revokeElsewhere(): Promise<void>;
  /** Adds sessions that expired long ago. */
  expire(count: number): Promise<void>;
  /** Removes what has expired, as any node does. Returns how much that was. */
  prune(): Promise<number>;
}

export interface TownOptions {
  readonly users: number;
  readonly remembered: number;
  /** Those of the server. */
  readonly settings: Settings;
  readonly key: string;
}

export async function settle({ users, remembered, settings, key }: TownOptions): Promise<Town> {
  const { accounts, sessions: store, close } = await openStores(settings);
  const keys = new KeyRing([key]);
  let now = Date.now;
  const warn = (message: string, cause: unknown) => console.error(message, cause);
  const sessions = new SessionManager({ store, warn, now: () => now() });
  const passwordHash = await new PasswordHasher().hash(password);
  const client = { userAgent, ip: "127.0.0.1" };
  const ids: string[] = [];
  const cookies: string[] = [];
  await inRows(users, async (index) => {
    const id = newUserId();
    const created = Date.now() - hour;
    await accounts.insert({
      id,
      email: emailOf(index),
      passwordHash,
      credentialVersion: 1,
      credentialsChangedAt: created,
      roles: ["user"],
      disabled: false,
      createdAt: created,
    });
    const { token } = await sessions.create(id, { client });
    ids[index] = id;
    cookies[index] = keys.seal("session", "__Host-session", token.reveal(), Date.now() + 12 * hour);
  });
  const browsers: string[] = [];
  await inRows(remembered, async (index) => {
    const { remember } = await sessions.create(ids[index]!, { client, remember: true });
    browsers[index] = keys.seal("remember", "__Host-remember", remember!.token.reveal(), Date.now() + month);
  });
  const anybody = () => ids[randomInt(ids.length)]!;
  return {
    emails: ids.map((_, index) => emailOf(index)),
    cookies,
    remembered: browsers,
    revokeElsewhere: async () => {
      const { session } = await sessions.create(anybody(), { client });
      await sessions.revoke(session.id);
    },
    expire: async (count) => {
      now = () => Date.now() - 24 * hour;
      await inRows(count, async () => void (await sessions.create(anybody(), { client })));
      now = Date.now;
    },
    prune: () => sessions.prune(),
    [Symbol.asyncDispose]: async () => {
      await sessions.close();
      await close();
    },
  };
}

function emailOf(index: number): string {
  return `person-${index}@example.com`;
}

interface Stores {
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  close(): Promise<void>;
}

/** Nobody waits for the disk here: a town that a power cut takes is settled again. */
async function openStores(settings: Settings): Promise<Stores> {
  const config = readConfig(settings);
  const { database } = config;
  if (database.kind !== "sqlite" || config.sessions.kind !== "sqlite") return openStorage(config, () => {});
  prepareFile(database.file);
  const connection = new DatabaseSync(database.file, { timeout: 10_000 });
  connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  return {
    accounts: new SqliteAccounts(connection),
    sessions: new SqliteSessionStore(connection),
    close: async () => connection.close(),
  };
}

async function inRows(count: number, write: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += width) {
    const row = Array.from({ length: Math.min(width, count - from) }, (_, index) => write(from + index));
    await Promise.all(row);
  }
}
