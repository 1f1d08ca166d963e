/** What commands work on: the users and the sessions of the server, whether it runs or not. */
import { existsSync } from "node:fs";
import { type AuditStore, AuditTrail, correlated, SessionManager, type Warn } from "coatcheck";
import type { AccountEvent } from "../accounts/account-event.ts";
import { Accounts } from "../accounts/accounts.ts";
import { PasswordHasher } from "../accounts/password-hasher.ts";
import type { User } from "../accounts/user.ts";
import { type Config, readConfig } from "../config.ts";
import { openStorage } from "../storage/storage.ts";
import { FailedError } from "./command.ts";

export interface Office {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly sessions: SessionManager;
  readonly audit: AuditStore;
}

const warn: Warn = (message) => console.error(message);

/** Opens the stores of the configuration, and closes them after the work. */
export async function inOffice(work: (office: Office) => Promise<void>): Promise<void> {
  const config = readConfig(process.env, "tools");
  const storage = await openStorage(config, warn);
  const sessions = new SessionManager({ store: storage.sessions, warn });
  const { audit } = storage;
  const trail = new AuditTrail({ store: audit, warn });
  sessions.observe(trail.observe);
  const tell = (event: AccountEvent) => trail.record(event);
  const accounts = new Accounts(storage.accounts, new PasswordHasher(), Date.now, tell);
  try {
    await correlated({ by: "command line" }, () => work({ config, accounts, sessions, audit }));
  } finally {
    await sessions.close();
    await trail.close();
    await storage.close();
  }
}

/** As `inOffice`, for commands that only make sense where there is a database already: a typing error creates none. */
export async function inExistingOffice(work: (office: Office) => Promise<void>): Promise<void> {
  const { database } = readConfig(process.env, "tools");
  if (database.kind === "sqlite" && !existsSync(database.file)) {
    throw new FailedError(
      `There is no database at ${database.file} yet. Start the server, run migrate, or set COATCHECK_DATABASE.`,
    );
  }
  return inOffice(work);
}

/** @throws FailedError if nobody has this address. */
export async function userOf({ accounts }: Office, email: string): Promise<User> {
  const user = await accounts.findByEmail(email);
  if (!user) throw new FailedError(`Nobody has the address ${JSON.stringify(email)}.`);
  return user;
}

/** @throws FailedError if no other process can see the sessions. */
export function assertSharedSessions({ config }: Office): void {
  if (config.sessions.kind !== "memory") return;
  throw new FailedError(
    "Sessions are in the memory of the server (COATCHECK_SESSIONS=memory:), where no other process sees them.",
  );
}
