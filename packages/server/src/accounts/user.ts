/** A person who can sign in. */
import { randomBytes } from "node:crypto";

export interface User {
  readonly id: string;
  /** As it is shown and written to. */
  readonly email: string;
  readonly passwordHash: string;
  /** Advances by one with each change of the password. */
  readonly credentialVersion: number;
  /** Milliseconds since the epoch. */
  readonly credentialsChangedAt: number;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: number;
}

/** What a user may do. */
export type Rights = Pick<User, "roles" | "disabled">;

/** What others may know about a user. */
export interface PublicUser {
  readonly id: string;
  readonly email: string;
  readonly roles: string[];
}

export function publicUser(user: User): PublicUser {
  return { id: user.id, email: user.email, roles: [...user.roles] };
}

export function newUserId(): string {
  return randomBytes(16).toString("base64url");
}

/** The roles that mean something to this server. */
export const userRoles: readonly ["admin", "user"] = ["admin", "user"];

/** The roles as they are kept: each once, in one order. Everybody is a user. */
export function tidyRoles(roles: readonly string[]): string[] {
  return userRoles.filter((role) => role === "user" || roles.includes(role));
}
