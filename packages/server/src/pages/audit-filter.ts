/** What of the audit is looked at: read from the query of a page, and written back into its links. */
import type { AuditQuery } from "coatcheck";
import type { Context } from "hono";
import type { Accounts } from "../accounts/accounts.ts";
import type { AppEnv } from "../env.ts";

/** As typed. What is missing excludes nothing. */
export interface AuditFilter {
  readonly event: string;
  /** An address or an id. */
  readonly user: string;
  /** Days of UTC, such as 2030-01-31. */
  readonly from: string;
  readonly to: string;
}

const longest = 256;
const day = 24 * 60 * 60_000;

export function filterOf(c: Context<AppEnv>): AuditFilter {
  const typed = (name: string): string => (c.req.query(name) ?? "").trim().slice(0, longest);
  return { event: typed("event"), user: typed("user"), from: typed("from"), to: typed("to") };
}

/** Whoever has no account any more, or never had one, is looked for by their id. */
export async function queryOf(
  accounts: Accounts,
  { event, user, from, to }: AuditFilter,
): Promise<Omit<AuditQuery, "limit">> {
  const first = startOf(from);
  const last = startOf(to);
  return {
    ...(event && { event }),
    ...(user && { userId: (await accounts.findByEmail(user))?.id ?? user }),
    ...(first !== undefined && { from: first }),
    ...(last !== undefined && { to: last + day }),
  };
}

/** Begins with a question mark, or is empty. */
export function searchOf(filter: AuditFilter, more: Readonly<Record<string, string>> = {}): string {
  const named = Object.entries({ ...filter, ...more }).filter(([, value]) => value !== "");
  return named.length === 0 ? "" : `?${new URLSearchParams(named)}`;
}

function startOf(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
