/** The users, page by page, in the order of their addresses. */
import type { Accounts } from "./accounts.ts";
import type { User } from "./user.ts";

export interface UserPage {
  readonly users: readonly User[];
  /** Where the next page begins, if there is one. */
  readonly next?: string;
}

export interface UserQuery {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
  /** Only those whose address contains this. */
  readonly search?: string | undefined;
}

export async function listUsers(accounts: Accounts, { limit, cursor, search }: UserQuery): Promise<UserPage> {
  const after = cursor === undefined ? "" : addressIn(cursor);
  const found = await accounts.list(after, limit + 1, search);
  const users = found.slice(0, limit);
  return { users, ...(found.length > limit && { next: cursorAfter(users.at(-1)!) }) };
}

/** Opaque, so that nobody builds on what it is; and an address has no business in an access log. */
function cursorAfter({ email }: User): string {
  return Buffer.from(email).toString("base64url");
}

function addressIn(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString();
}
