/** Users who are created by an administrator, and choose their own password by a link that the administrator hands over. */
import { randomBytes } from "node:crypto";
import type { Accounts } from "./accounts.ts";
import { resetLink } from "./reset-link.ts";
import type { User } from "./user.ts";

/** Long enough to be handed over, short enough not to be found years later in somebody's mail: 3 days. */
const invitationLifetime = 3 * 24 * 60 * 60_000;

/** Good once. The code stands behind the `#`, as in all links of ours. */
export interface Invitation {
  readonly setupLink: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Creates a user whose password nobody knows, not even who created them; undefined if the address is taken. */
export function createUser(
  accounts: Accounts,
  email: string,
  roles: readonly string[],
): Promise<User | undefined> {
  return accounts.create({ email, password: randomBytes(32).toString("base64url") }, roles);
}

/**
 * Makes a link by which the user chooses a password; it voids those before. Undefined if another one was asked for later
 * already, by the clock of another server.
 */
export async function invite(
  accounts: Accounts,
  user: User,
  origin: string,
  now: number,
): Promise<Invitation | undefined> {
  const code = await accounts.issueInvitation(user, now, invitationLifetime);
  if (code === undefined) return undefined;
  return { setupLink: resetLink(origin, code), expiresAt: now + invitationLifetime };
}
