/** Who may sign in, and with what. Knows nothing of sessions: what joins the two are the deeds beside this file. */
import type { AccountEvent, TellAccountEvent } from "./account-event.ts";
import type { AccountStore } from "./account-store.ts";
import { tellingOutages } from "./accounts-outage.ts";
import { emailKey, partOfEmailKey, tidyEmail } from "./email.ts";
import { codeHash, newOneTimeCode } from "./one-time-code.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { resetCodeLifetime } from "./reset-link.ts";
import { setupLinkLifetime } from "./setup-link.ts";
import { newUserId, type Rights, type User } from "./user.ts";

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

const pageSize = 200;

export class Accounts {
  readonly #store: AccountStore;
  readonly #hasher: PasswordHasher;
  readonly #now: () => number;
  readonly #tell: TellAccountEvent;

  constructor(
    store: AccountStore,
    hasher: PasswordHasher,
    now: () => number = Date.now,
    tell: TellAccountEvent = () => {},
  ) {
    this.#tell = tell;
    this.#store = tellingOutages(store);
    this.#hasher = hasher;
    this.#now = now;
  }

  find(id: string): Promise<User | undefined> {
    return this.#store.find(id);
  }

  findByEmail(email: string): Promise<User | undefined> {
    return this.#store.findByEmail(emailKey(email));
  }

  /** At most `limit` users in the order of their addresses, those after this address; of those that contain `part`. */
  list(after: string, limit: number, part = ""): Promise<User[]> {
    return this.#store.list(emailKey(after), limit, partOfEmailKey(part));
  }

  /** Everybody, in the order of their addresses. Read piece by piece: there may be many. */
  async *all(): AsyncGenerator<User> {
    let after = "";
    for (;;) {
      const users = await this.#store.list(after, pageSize);
      yield* users;
      const last = users.at(-1);
      if (!last || users.length < pageSize) return;
      after = emailKey(last.email);
    }
  }

  /** Creates a user; undefined if somebody has that address already. */
  async create(credentials: Credentials, roles: readonly string[]): Promise<User | undefined> {
    const user = await this.#newUser(credentials, roles);
    return this.#created(user, await this.#store.insert(user));
  }

  /**
   * Changes what the user may do; undefined if there is no such user any more, or `by` is no administrator any more. What
   * ends their sessions is the deed `changeRights`.
   */
  async changeRights(user: User, change: Partial<Rights>, by?: User): Promise<User | undefined> {
    if (!(await this.#store.changeRights(user.id, change, by?.id))) return undefined;
    const changed = { ...user, ...change };
    this.#tellRights(user, changed);
    return changed;
  }

  /** Whether nobody has an account yet. */
  isEmpty(): Promise<boolean> {
    return this.#store.isEmpty();
  }

  /**
   * The user behind correct credentials. An unknown address, a wrong password and a disabled account are one answer,
   * after the same work.
   */
  async authenticate({ email, password }: Credentials): Promise<User | undefined> {
    const user = await this.#store.findByEmail(emailKey(email));
    const right = await this.#hasher.verify(user?.passwordHash, password);
    if (!user || !right || user.disabled) {
      this.#tell({ event: "sign-in-failed", ...whyNot(user, right), unproven: true });
      return undefined;
    }
    await this.#rehashIfOutdated(user, password);
    return user;
  }

  /** Whether the password is this user's. */
  async confirm(user: User, password: string): Promise<boolean> {
    const right = await this.#hasher.verify(user.passwordHash, password);
    if (!right) {
      this.#tell({
        event: "confirmation-failed",
        userId: user.id,
        reason: "wrong-password",
        unproven: true,
      });
    }
    return right;
  }

  /** Tells that this user asked for more than they may. */
  tellDenied({ id }: User): void {
    this.#tell({ event: "access-denied", userId: id, unproven: true });
  }

  /** Whether the account still is what it was when `user` was read: enabled, and under the same password. */
  async stillValid(user: User): Promise<boolean> {
    const current = await this.#store.find(user.id);
    return current !== undefined && !current.disabled && current.credentialVersion === user.credentialVersion;
  }

  /** Whether a remembered browser of this user may come back: what else ends it has forgotten it already. */
  async mayReturn(userId: string): Promise<boolean> {
    const user = await this.#store.find(userId);
    return user !== undefined && !user.disabled;
  }

  /** False if the password was changed since `user` was read. */
  async changePassword(user: User, password: string): Promise<boolean> {
    const passwordHash = await this.#hasher.hash(password);
    const changed = await this.#store.changePassword(
      user.id,
      user.credentialVersion,
      passwordHash,
      this.#now(),
    );
    if (changed) this.#tell({ event: "password-changed", userId: user.id });
    return changed;
  }

  /**
   * A code that lets whoever has it choose a new password; undefined if there is one of a later request already.
   * @param requestedAt when it was asked for: of several, the newest counts.
   */
  issueResetCode(user: User, requestedAt: number): Promise<string | undefined> {
    return this.#issueCode(user, requestedAt, resetCodeLifetime);
  }

  /** The same by an administrator's hand, for so many milliseconds. */
  async issueInvitation(user: User, requestedAt: number, lifetime: number): Promise<string | undefined> {
    const code = await this.#issueCode(user, requestedAt, lifetime);
    if (code) this.#tell({ event: "setup-link-made", userId: user.id });
    return code;
  }

  /** Whose password the code may change; undefined if it is unknown, used or expired. Does not use it up. */
  findByResetCode(code: string): Promise<User | undefined> {
    return this.#store.findByResetCode(codeHash(code), this.#now());
  }

  /** Changes the password and uses up the code; false if it is not good any more. */
  async changePasswordByCode(user: User, code: string, password: string): Promise<boolean> {
    const passwordHash = await this.#hasher.hash(password);
    const changed = await this.#store.changePasswordByCode(codeHash(code), passwordHash, this.#now());
    if (changed) this.#tell({ event: "password-changed", userId: user.id, reason: "reset" });
    return changed;
  }

  /** Creates the first user; undefined if there is one already. */
  async createAdministrator(credentials: Credentials): Promise<User | undefined> {
    const user = await this.#newAdministrator(credentials);
    return this.#created(user, await this.#store.insertFirst(user));
  }

  /** As `createAdministrator`, for the holder of the set-up code; undefined also if the code is not valid. */
  async createAdministratorByCode(credentials: Credentials, code: string): Promise<User | undefined> {
    const user = await this.#newAdministrator(credentials);
    const done = await this.#store.insertFirstByLink(user, codeHash(code), this.#now());
    if (done) this.#tell({ event: "setup-link-used", userId: user.id });
    return this.#created(user, done);
  }

  /** Makes a new set-up code and forgets the one before. */
  async issueSetupCode(): Promise<string> {
    const { code, hash } = newOneTimeCode();
    await this.#store.replaceSetupLink(hash, this.#now() + setupLinkLifetime);
    return code;
  }

  #tellRights(former: User, { id: userId, roles, disabled }: User): void {
    if (disabled !== former.disabled)
      this.#tell({ event: disabled ? "user-disabled" : "user-enabled", userId });
    if (roles.join() !== former.roles.join())
      this.#tell({ event: "roles-changed", userId, details: { roles } });
  }

  #created(user: User, done: boolean): User | undefined {
    if (!done) return undefined;
    this.#tell({ event: "user-created", userId: user.id, details: { roles: user.roles } });
    return user;
  }

  async #issueCode(user: User, requestedAt: number, lifetime: number): Promise<string | undefined> {
    const { code, hash } = newOneTimeCode();
    const { id: userId, credentialVersion } = user;
    const now = this.#now();
    const expiresAt = now + lifetime;
    const added = await this.#store.addResetCode(
      { hash, userId, credentialVersion, requestedAt, expiresAt },
      now,
    );
    return added ? code : undefined;
  }

  #newAdministrator(credentials: Credentials): Promise<User> {
    return this.#newUser(credentials, ["admin", "user"]);
  }

  async #newUser({ email, password }: Credentials, roles: readonly string[]): Promise<User> {
    const now = this.#now();
    return {
      id: newUserId(),
      email: tidyEmail(email),
      passwordHash: await this.#hasher.hash(password),
      credentialVersion: 1,
      credentialsChangedAt: now,
      roles,
      disabled: false,
      createdAt: now,
    };
  }

  async #rehashIfOutdated(user: User, password: string): Promise<void> {
    if (!this.#hasher.isOutdated(user.passwordHash)) return;
    const passwordHash = await this.#hasher.hash(password);
    await this.#store.rehashPassword(user.id, user.credentialVersion, passwordHash);
  }
}

function whyNot(user: User | undefined, right: boolean): Pick<AccountEvent, "userId" | "reason"> {
  if (!user) return { reason: "unknown-account" };
  return { userId: user.id, reason: right ? "disabled-account" : "wrong-password" };
}
