/** The port behind which users are kept. Methods reject only when the database itself fails. */
import type { User } from "./user.ts";

export interface AccountStore {
  /** Whether nobody has an account yet. */
  isEmpty(): Promise<boolean>;

  find(id: string): Promise<User | undefined>;

  /** `key` is an `emailKey`. */
  findByEmail(key: string): Promise<User | undefined>;

  /** At most `limit` users in the order of their `emailKey`, those after the key `after`. */
  list(after: string, limit: number): Promise<User[]>;

  /** Adds a user; false if another one has the same `emailKey`. */
  insert(user: User): Promise<boolean>;

  /** Adds the first user; false if there is one already, so that exactly one of two racing set-ups wins. */
  insertFirst(user: User): Promise<boolean>;

  /**
   * As `insertFirst`, and uses up the set-up link in the same atomic step. False, changing nothing, if the link is
   * unknown, used or expired at `now`, or if there is a user already.
   */
  insertFirstByLink(user: User, linkHash: string, now: number): Promise<boolean>;

  /** Makes this the only set-up link there is. */
  replaceSetupLink(linkHash: string, expiresAt: number): Promise<void>;

  /** Writes a new password and advances `credentialVersion`; false if it is not `version` any more. */
  changePassword(id: string, version: number, passwordHash: string, now: number): Promise<boolean>;

  /** Writes the same password under a better hash; changes nothing if `credentialVersion` is not `version` any more. */
  rehashPassword(id: string, version: number, passwordHash: string): Promise<void>;

  /** False if there is no such user. */
  setDisabled(id: string, disabled: boolean): Promise<boolean>;
}
