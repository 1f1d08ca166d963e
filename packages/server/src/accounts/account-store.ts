/** The port behind which users are kept. Methods reject only when the database itself fails. */
import type { Rights, User } from "./user.ts";

/** A code that was mailed to whoever forgot their password. */
export interface ResetCode {
  readonly hash: string;
  readonly userId: string;
  /** The password that it may replace. */
  readonly credentialVersion: number;
  /** When it was asked for, in milliseconds since the epoch. */
  readonly requestedAt: number;
  readonly expiresAt: number;
}

export interface AccountStore {
  /** Whether nobody has an account yet. */
  isEmpty(): Promise<boolean>;

  find(id: string): Promise<User | undefined>;

  /** `key` is an `emailKey`. */
  findByEmail(key: string): Promise<User | undefined>;

  /**
   * At most `limit` users in the order of their `emailKey`, those after the key `after`; with `part` only those whose
   * key contains it.
   */
  list(after: string, limit: number, part?: string): Promise<User[]>;

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

  /**
   * Adds a code, and voids those of the user's earlier requests. False, changing nothing, if there is one of a later
   * request already: only the newest counts, whichever mail goes out last.
   */
  addResetCode(code: ResetCode, now: number): Promise<boolean>;

  /**
   * Whose password the code may change. Undefined if it is unknown, used, void or expired at `now`, if the password was
   * changed since, or if the user is disabled.
   */
  findByResetCode(codeHash: string, now: number): Promise<User | undefined>;

  /** As `changePassword`, and uses up the code in the same atomic step; false where `findByResetCode` finds nobody. */
  changePasswordByCode(codeHash: string, passwordHash: string, now: number): Promise<boolean>;

  /** Writes the same password under a better hash; changes nothing if `credentialVersion` is not `version` any more. */
  rehashPassword(id: string, version: number, passwordHash: string): Promise<void>;

  /**
   * Changes what is named, in one step; false if there is no such user. With `by` also false if that user is no
   * administrator, or a disabled one: of two who shut each other out at the same time, one stays.
   */
  changeRights(id: string, change: Partial<Rights>, by?: string): Promise<boolean>;
}
